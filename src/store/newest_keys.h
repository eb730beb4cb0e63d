#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/compacted.h"

namespace sluice::store {

/// The newest offset of each key, of a bounded number of keys: 24 bytes for each place.
class NewestKeys {
 public:
  /// `bytes`: of memory at most; a minimum of 64 places.
  explicit NewestKeys(std::int64_t bytes);
  /// Offsets come in order. False: it is full, and the key is not in it.
  bool note(const KeyHash128& key, QueueOffset offset);
  std::optional<QueueOffset> find(const KeyHash128& key) const;

 private:
  struct Place {
    KeyHash128 key{};
    std::int64_t offset = 0;
  };
  std::size_t place_of(const KeyHash128& key) const;
  std::vector<Place> places_;
  std::size_t used_ = 0, most_ = 0;
};

}  // namespace sluice::store
