#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace sluice::delivery {

/// Which member may consume a queue in order: a lease of 60 s per (group, topic, queue), renewed by
/// asking again. Thread-safe.
class QueueLocks {
 public:
  static constexpr milliseconds kLease{60'000};
  struct QueueName {
    std::string topic;
    QueueId queue;
    friend auto operator<=>(const QueueName&, const QueueName&) = default;
  };
  /// The subset of `wanted` that the client holds after the call.
  std::vector<QueueName> lock(std::string_view group, std::string_view client_id,
                              const std::vector<QueueName>& wanted, SteadyTime now);
  void unlock(std::string_view group, std::string_view client_id,
              const std::vector<QueueName>& queues);
  /// Whether any lease of the group is unexpired.
  bool any(std::string_view group, SteadyTime now) const;
  void expire(SteadyTime now);

 private:
  struct Lease {
    std::string client_id;
    SteadyTime until;
  };
  mutable std::mutex mutex_;
  std::map<std::string, std::map<QueueName, Lease>, std::less<>> groups_;
};

}  // namespace sluice::delivery
