#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"

/// Recognises a message that a client sends again because it did not hear that it was stored.
///
/// A message is the same when topic, unique key and body are; the key alone never says so. What was
/// stored is remembered for its topic's window, and for no more than `max` messages: then the
/// oldest are forgotten first, and one of them that comes again is stored again. About 120 bytes
/// each. Thread-safe; one lock, held for one look-up. Not asked at all where the window is 0.
namespace sluice::broker {

class Duplicates {
 public:
  /// 128 bits of topic and unique key, and 128 bits of the body.
  struct Key {
    std::array<std::uint64_t, 4> words;
    friend bool operator==(const Key&, const Key&) = default;
  };
  static Key key_of(std::string_view topic, std::string_view unique_key, Bytes body);

  /// Where the first one lies: what it was answered with.
  struct Place {
    QueueId queue;
    QueueOffset offset;
    LogPosition position;
    std::int32_t size = 0;
  };
  enum class Seen : std::uint8_t {
    never,    ///< it is noted as being stored now: stored() or failed() must follow
    storing,  ///< somebody is storing it
    stored,   ///< at `place`
  };
  struct Answer {
    Seen seen = Seen::never;
    Place place;
  };

  explicit Duplicates(std::size_t max) : max_(max) {}

  Answer look(const Key& key, WallTime now, milliseconds window);
  void stored(const Key& key, const Place& place);
  void failed(const Key& key);
  /// At start, in the order in which they were stored. What is known already stays.
  void restore(const Key& key, const Place& place, WallTime until);

  std::size_t size() const;

 private:
  struct Entry {
    Place place;
    WallTime until;
    enum class State : std::uint8_t { storing, stored, void_ } state = State::storing;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const { return key.words[0] ^ key.words[2]; }
  };
  using Map = std::unordered_map<Key, Entry, Hash>;
  Map::iterator add(const Key& key);

  const std::size_t max_;
  mutable std::mutex mutex_;  ///< guards what follows
  Map entries_;
  std::deque<Key> order_;  ///< of the entries, each once, oldest first
};

}  // namespace sluice::broker
