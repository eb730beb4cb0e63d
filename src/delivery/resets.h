#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "base/ids.h"

namespace sluice::delivery {

/// Resets of progress that the group's members have not heard of yet. A member learns of one from
/// its next pull; until then its own commits must not undo it. Kept in memory only: the progress
/// itself is reset already. Thread-safe; free when there are none.
class Resets {
 public:
  void put(std::string_view group, std::string_view topic, QueueId queue, QueueOffset target);
  bool pending(std::string_view group, std::string_view topic, QueueId queue) const;
  void remove_group(std::string_view group);
  void remove_topic(std::string_view topic);
  /// Takes the reset out: it is told now.
  std::optional<QueueOffset> take(std::string_view group, std::string_view topic, QueueId queue);

 private:
  using Key = std::tuple<std::string, std::string, QueueId>;
  static Key key(std::string_view group, std::string_view topic, QueueId queue) {
    return {std::string(group), std::string(topic), queue};
  }
  mutable std::mutex mutex_;
  std::atomic<std::size_t> count_{0};
  std::map<Key, QueueOffset> targets_;
};

}  // namespace sluice::delivery
