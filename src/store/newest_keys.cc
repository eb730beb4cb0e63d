#include "store/newest_keys.h"

#include <algorithm>
#include <bit>

namespace sluice::store {
namespace {

constexpr std::int64_t kPlacesMin = 64;

}  // namespace

NewestKeys::NewestKeys(std::int64_t bytes)
    : places_(std::bit_floor(static_cast<std::size_t>(
          std::max(bytes / static_cast<std::int64_t>(sizeof(Place)), kPlacesMin)))),
      most_(places_.size() / 4 * 3) {}

/// The key's place, or the free one where it would be. One is always free.
std::size_t NewestKeys::place_of(const KeyHash128& key) const {
  const std::size_t mask = places_.size() - 1;
  std::size_t at = key[1] & mask;
  while (places_[at].key != key && places_[at].key != KeyHash128{}) at = (at + 1) & mask;
  return at;
}

bool NewestKeys::note(const KeyHash128& key, QueueOffset offset) {
  Place& place = places_[place_of(key)];
  if (place.key != key) {
    if (used_ == most_) return false;
    ++used_;
    place.key = key;
  }
  place.offset = offset.value;
  return true;
}

std::optional<QueueOffset> NewestKeys::find(const KeyHash128& key) const {
  const Place& place = places_[place_of(key)];
  return place.key == key ? std::optional(QueueOffset(place.offset)) : std::nullopt;
}

}  // namespace sluice::store
