#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "broker/retry_policy.h"
#include "broker/topics.h"

namespace sluice::broker {

/// What the broker is told about a consumer group (RocketMQ's SubscriptionGroupConfig).
struct GroupConfig {
  std::string name;
  bool consume_enable = true;
  bool consume_from_min_enable = true;
  bool consume_broadcast_enable = true;
  bool consume_orderly = false;
  std::int32_t retry_queues = 1;
  std::int32_t retry_max_times = 16;
  RetryPolicy retry_policy;
  std::int64_t broker_id = 0;
  std::int64_t broker_id_when_slow = 1;
  bool notify_members_changed = true;
  std::int32_t sys_flag = 0;
  std::int32_t consume_timeout_minutes = 15;
  std::map<std::string, std::string> attributes;
  /// By topic, bits of a TopicConfig's perm that the group does not have. Not part of what an
  /// administrator's put() changes.
  std::map<std::string, std::int32_t, std::less<>> forbidden;

  bool may_read(std::string_view topic) const;
  friend bool operator==(const GroupConfig&, const GroupConfig&) = default;
};

/// Configuration of consumer groups. Thread-safe.
class Groups {
 public:
  explicit Groups(bool auto_create) : auto_create_(auto_create) {}
  /// Null when there is none.
  std::shared_ptr<const GroupConfig> find(std::string_view name) const;
  /// As heartbeats and pulls do it (autoCreateSubscriptionGroup). Errors: group_not_found,
  /// invalid_name.
  Result<std::shared_ptr<const GroupConfig>> find_or_create(std::string_view name, WallTime now);
  Result<void> put(GroupConfig config, WallTime now);
  /// Lets the group read the topic, or not. Errors: group_not_found, not_permitted (system group).
  Result<void> let_read(std::string_view name, std::string_view topic, bool readable, WallTime now);
  Result<void> remove(std::string_view name, WallTime now);
  std::vector<std::shared_ptr<const GroupConfig>> configs() const;
  DataVersion version() const;
  void on_change(std::function<void()> fn);
  void restore(std::vector<GroupConfig> configs, DataVersion version);

 private:
  void changed(WallTime now);
  const bool auto_create_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const GroupConfig>, std::less<>> groups_;
  DataVersion version_;
  std::function<void()> on_change_;
};

}  // namespace sluice::broker
