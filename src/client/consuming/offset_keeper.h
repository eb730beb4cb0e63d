#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "client/engine/core.h"

namespace sluice::client {

using StoredOffsets = std::map<Queue, std::int64_t>;
/// The text of such a file, and back; nothing: it is none. Entries that cannot be are skipped.
std::string offsets_to_json(const StoredOffsets& offsets);
std::optional<StoredOffsets> offsets_from_json(std::string_view text);

/// Where a group has got to in each queue: at the brokers, or for broadcasting members in a file of
/// the form Java's clients write (client/consumer/store/LocalFileOffsetStore.java). Reactor's
/// thread only.
class OffsetKeeper {
 public:
  /// `file` empty: at the brokers.
  OffsetKeeper(Core& core, std::string group, std::string file);

  /// -1 when none is stored. Errors: those of the broker.
  Task<Result<std::int64_t>> load(Queue queue);
  /// Errors: those of the broker.
  Task<Result<void>> store(Queue queue, std::int64_t offset);
  /// Writes the file, if there is one and something was stored. Errors: io_error.
  Result<void> flush();

  static std::string file_of(const std::string& directory, const std::string& client_id,
                             const std::string& group);

 private:
  void read_file();
  Result<void> write_file() const;

  Core& core_;
  const std::string group_, file_;
  StoredOffsets local_;
  bool dirty_ = false;
};

}  // namespace sluice::client
