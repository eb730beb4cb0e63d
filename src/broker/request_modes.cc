#include "broker/request_modes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "broker/topics.h"

namespace sluice::broker {
namespace {

constexpr std::array<std::string_view, 2> kNames{"PULL", "POP"};

}  // namespace

std::string_view request_mode_name(RequestMode mode) {
  return kNames[static_cast<std::size_t>(mode)];
}

std::optional<RequestMode> parse_request_mode(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<RequestMode>(found - kNames.begin());
}

RequestModeSetting RequestModes::find(std::string_view topic, std::string_view group) const {
  if (topic.starts_with(kRetryPrefix)) return {};
  std::lock_guard lock(mutex_);
  const auto groups = by_topic_.find(topic);
  if (groups == by_topic_.end()) return fallback_;
  const auto setting = groups->second.find(group);
  return setting == groups->second.end() ? fallback_ : setting->second;
}

Result<void> RequestModes::put(std::string_view topic, std::string_view group,
                               RequestModeSetting setting) {
  if (topic.empty() || group.empty()) {
    return fail(Errc::invalid_name, "a request mode needs the names of a topic and a group");
  }
  if (topic.starts_with(kRetryPrefix)) {
    return fail(
        Errc::not_permitted,
        fmt::format("{} is a retry topic: it is pulled, set the mode of the topic itself", topic));
  }
  std::lock_guard lock(mutex_);
  auto& place = by_topic_[std::string(topic)];
  const auto [known, fresh] = place.try_emplace(std::string(group), setting);
  if (!fresh && known->second == setting) return {};
  known->second = setting;
  ++version_;
  return {};
}

void RequestModes::remove_topic(std::string_view topic) {
  std::lock_guard lock(mutex_);
  const auto found = by_topic_.find(topic);
  if (found == by_topic_.end()) return;
  by_topic_.erase(found);
  ++version_;
}

void RequestModes::remove_group(std::string_view group) {
  std::lock_guard lock(mutex_);
  for (auto topic = by_topic_.begin(); topic != by_topic_.end();) {
    const auto found = topic->second.find(group);
    if (found != topic->second.end()) {
      topic->second.erase(found);
      ++version_;
    }
    topic = topic->second.empty() ? by_topic_.erase(topic) : std::next(topic);
  }
}

std::vector<RequestModes::Entry> RequestModes::entries() const {
  std::lock_guard lock(mutex_);
  std::vector<Entry> all;
  for (const auto& [topic, groups] : by_topic_) {
    for (const auto& [group, setting] : groups) all.push_back({topic, group, setting});
  }
  return all;
}

std::uint64_t RequestModes::version() const {
  std::lock_guard lock(mutex_);
  return version_;
}

void RequestModes::restore(std::vector<Entry> entries) {
  std::lock_guard lock(mutex_);
  by_topic_.clear();
  for (Entry& entry : entries) {
    by_topic_[std::move(entry.topic)].insert_or_assign(std::move(entry.group), entry.setting);
  }
}

}  // namespace sluice::broker
