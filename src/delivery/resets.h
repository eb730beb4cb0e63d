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

/// Resets of progress that the group's members have not followed yet. The member that reads the
/// queue is told once; until it, or another member, reads again, commits must not undo the reset:
/// clients go on committing what they had for seconds. Kept in memory only: the progress itself is
/// reset already. Thread-safe; free when there are none.
class Resets {
 public:
  void put(std::string_view group, std::string_view topic, QueueId queue, QueueOffset target);
  bool none() const { return count_ == 0; }
  /// Whether commits of other offsets than the target must not count.
  bool pending(std::string_view group, std::string_view topic, QueueId queue) const;
  /// A member reads at `at`: where it is to go on instead. A reset ends with the first read at its
  /// target, or after somebody was told.
  std::optional<QueueOffset> on_read(std::string_view group, std::string_view topic, QueueId queue,
                                     QueueOffset at);
  /// A member whose read waits is told at once.
  std::optional<QueueOffset> tell(std::string_view group, std::string_view topic, QueueId queue);
  void remove_group(std::string_view group);
  void remove_topic(std::string_view topic);

 private:
  struct Reset {
    QueueOffset target;
    bool told = false;
  };
  using Key = std::tuple<std::string, std::string, QueueId>;
  static Key key(std::string_view group, std::string_view topic, QueueId queue) {
    return {std::string(group), std::string(topic), queue};
  }
  mutable std::mutex mutex_;
  std::atomic<std::size_t> count_{0};
  std::map<Key, Reset> resets_;
};

}  // namespace sluice::delivery
