#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "client/cluster.h"

namespace sluice::client {

/// Being the only member of a consumer group: says so to the brokers of a topic, every 30 s until
/// destroyed, when it takes leave. Brokers and tools see the group as online; other members that
/// join later share the queues among themselves and this one, which does not give any up.
class Membership {
 public:
  static constexpr milliseconds kPeriod{30'000};

  /// Errors: not_permitted, when the group has other members (the remark names them); those of
  /// Cluster.
  static Result<std::unique_ptr<Membership>> join(Cluster& cluster, std::string group,
                                                  std::string topic, std::string expression);
  ~Membership();

 private:
  Membership(Cluster& cluster, std::string group, std::string topic, std::string expression);
  Result<void> beat();
  Result<void> check_alone();
  Result<std::vector<std::string>> brokers();
  void leave();

  Cluster& cluster_;
  const std::string group_, topic_, expression_, client_id_;
  const std::int64_t version_;  ///< of the subscription
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace sluice::client
