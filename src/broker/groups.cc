#include "broker/groups.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace sluice::broker {
namespace {

constexpr std::size_t kNameMax = 120;

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '%' || c == '|';
}

Result<void> check_group_name(std::string_view name) {
  if (name.empty()) return fail(Errc::invalid_name, "the consumer group's name is empty");
  if (name.size() > kNameMax) {
    return fail(Errc::invalid_name,
                fmt::format("the consumer group's name has {} bytes; at most {} are allowed",
                            name.size(), kNameMax));
  }
  if (!std::ranges::all_of(name, name_char)) {
    return fail(Errc::invalid_name,
                fmt::format("the consumer group's name [{}] has a character outside "
                            "[%|a-zA-Z0-9_-]",
                            name));
  }
  return {};
}

/// The groups of RocketMQ's own tools (apache/rocketmq MixAll.java): always there, unchangeable.
constexpr std::array<std::string_view, 8> kSystemGroups = {
    "TOOLS_CONSUMER",  "FILTERSRV_CONSUMER",    "SELF_TEST_C_GROUP", "CID_ONS-HTTP-PROXY",
    "CID_ONSAPI_PULL", "CID_ONSAPI_PERMISSION", "CID_ONSAPI_OWNER",  "CID_RMQ_SYS_TRANS"};
constexpr std::string_view kSystemPrefix = "CID_RMQ_SYS_";

bool is_system_group(std::string_view name) {
  return name.starts_with(kSystemPrefix) ||
         std::ranges::find(kSystemGroups, name) != kSystemGroups.end();
}

Result<void> check_config(const GroupConfig& config) {
  SLUICE_CHECK(check_group_name(config.name));
  if (config.retry_queues < 0 || config.retry_queues > kQueuesMax) {
    return fail(Errc::invalid_argument,
                fmt::format("retryQueueNums of group {} is {}; 0 to {} are allowed", config.name,
                            config.retry_queues, kQueuesMax));
  }
  return {};
}

}  // namespace

bool GroupConfig::may_read(std::string_view topic) const {
  const auto found = forbidden.find(topic);
  return found == forbidden.end() || (found->second & kPermRead) == 0;
}

std::shared_ptr<const GroupConfig> Groups::find(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : found->second;
}

Result<std::shared_ptr<const GroupConfig>> Groups::find_or_create(std::string_view name,
                                                                  WallTime now) {
  if (auto found = find(name)) return found;
  SLUICE_CHECK(check_group_name(name));
  if (!auto_create_ && !is_system_group(name)) {
    return fail(Errc::group_not_found,
                fmt::format("consumer group {} does not exist; create it with updateSubGroup, or "
                            "set autoCreateSubscriptionGroup=true",
                            name));
  }
  std::shared_ptr<const GroupConfig> config;
  {
    std::lock_guard lock(mutex_);
    auto [place, made] = groups_.try_emplace(std::string(name));
    if (!made) return place->second;
    GroupConfig fresh;
    fresh.name = name;
    config = place->second = std::make_shared<const GroupConfig>(std::move(fresh));
  }
  changed(now);
  return config;
}

Result<void> Groups::put(GroupConfig config, WallTime now) {
  SLUICE_CHECK(check_config(config));
  if (is_system_group(config.name)) {
    return fail(Errc::not_permitted,
                fmt::format("{} is a system group and cannot be changed", config.name));
  }
  {
    std::lock_guard lock(mutex_);
    auto& place = groups_[config.name];
    if (place) config.forbidden = place->forbidden;
    if (place && *place == config) return {};
    place = std::make_shared<const GroupConfig>(std::move(config));
  }
  changed(now);
  return {};
}

Result<void> Groups::let_read(std::string_view name, std::string_view topic, bool readable,
                              WallTime now) {
  if (is_system_group(name)) {
    return fail(Errc::not_permitted, fmt::format("{} is a system group, it reads all", name));
  }
  {
    std::lock_guard lock(mutex_);
    const auto found = groups_.find(name);
    if (found == groups_.end()) {
      return fail(Errc::group_not_found, fmt::format("consumer group {} does not exist", name));
    }
    if (found->second->may_read(topic) == readable) return {};
    GroupConfig config = *found->second;
    std::int32_t& bits = config.forbidden[std::string(topic)];
    bits = readable ? bits & ~kPermRead : bits | kPermRead;
    if (bits == 0) config.forbidden.erase(std::string(topic));
    found->second = std::make_shared<const GroupConfig>(std::move(config));
  }
  changed(now);
  return {};
}

Result<void> Groups::remove(std::string_view name, WallTime now) {
  if (is_system_group(name)) {
    return fail(Errc::not_permitted, fmt::format("{} is a system group and stays", name));
  }
  {
    std::lock_guard lock(mutex_);
    const auto found = groups_.find(name);
    if (found == groups_.end()) {
      return fail(Errc::group_not_found, fmt::format("consumer group {} does not exist", name));
    }
    groups_.erase(found);
  }
  changed(now);
  return {};
}

std::vector<std::shared_ptr<const GroupConfig>> Groups::configs() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const GroupConfig>> all;
  all.reserve(groups_.size());
  for (const auto& [name, config] : groups_) all.push_back(config);
  return all;
}

DataVersion Groups::version() const {
  std::lock_guard lock(mutex_);
  return version_;
}

void Groups::on_change(std::function<void()> fn) {
  std::lock_guard lock(mutex_);
  on_change_ = std::move(fn);
}

void Groups::restore(std::vector<GroupConfig> configs, DataVersion version) {
  std::lock_guard lock(mutex_);
  groups_.clear();
  for (GroupConfig& config : configs) {
    std::string name = config.name;
    groups_[std::move(name)] = std::make_shared<const GroupConfig>(std::move(config));
  }
  version_ = version;
}

void Groups::changed(WallTime now) {
  std::function<void()> tell;
  {
    std::lock_guard lock(mutex_);
    version_.timestamp = unix_ms(now);
    ++version_.counter;
    tell = on_change_;
  }
  if (tell) tell();
}

}  // namespace sluice::broker
