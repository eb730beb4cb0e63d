#include "delivery/variants.h"

#include <algorithm>

namespace sluice::delivery {
namespace {

/// Between a group's name and a filter; no group has it in its name.
constexpr char kAfterGroup = '\1';

bool covers(std::string_view topic, std::string_view wide, std::string_view narrow) {
  return topic.starts_with(kRetryTopicPrefix) ? wants_cover(wide, narrow)
                                              : filter_covers(wide, narrow);
}

bool lives(const ConsumerGroups::Variants& now, const std::string& filter) {
  return std::ranges::binary_search(now.live, filter);
}

}  // namespace

std::string Variants::name(std::string_view group, std::string_view filter) {
  std::string scope(group);
  scope += kAfterGroup;
  scope += filter;
  return scope;
}

/// Filters with progress of their own.
std::vector<std::string> Variants::tracked(std::string_view group, std::string_view topic) const {
  std::vector<std::string> filters;
  const std::string prefix = name(group, {});
  for (const std::string& scope : own_.groups(topic)) {
    if (scope.starts_with(prefix)) filters.push_back(scope.substr(prefix.size()));
  }
  return filters;
}

/// Variants that live and have no progress yet begin with the group's.
void Variants::adopt(const ConsumerGroups::Variants& now, std::string_view group,
                     std::string_view topic, QueueId queue) {
  const auto begin = group_.committed(group, topic, queue);
  if (!begin) return;
  for (const std::string& filter : now.live) {
    const std::string scope = name(group, filter);
    if (!own_.committed(scope, topic, queue)) own_.commit(scope, topic, queue, *begin);
  }
}

/// The group's progress follows the slowest variant.
void Variants::settle(const ConsumerGroups::Variants& now, std::string_view group,
                      std::string_view topic, QueueId queue) {
  std::optional<QueueOffset> least;
  for (const std::string& filter : now.live) {
    const auto offset = own_.committed(name(group, filter), topic, queue);
    if (!offset) return;
    least = least ? std::min(*least, *offset) : *offset;
  }
  if (least) group_.commit(group, topic, queue, *least);
}

/// What a variant that left has not seen, somebody sees who wants all of it. When nobody else is
/// left the group is as one again.
void Variants::forget_covered(const ConsumerGroups::Variants& now, std::string_view group,
                              std::string_view topic) {
  std::size_t left = 0;
  for (const std::string& filter : tracked(group, topic)) {
    if (lives(now, filter)) continue;
    const bool covered = std::ranges::any_of(
        now.live, [&](const std::string& wide) { return covers(topic, wide, filter); });
    if (covered) own_.remove(name(group, filter), topic);
    left += covered ? 0 : 1;
  }
  if (left > 0 || now.live.size() != 1) return;
  const std::string last = name(group, now.live.front());
  for (const auto& [queue, offset] : own_.offsets(last, topic)) {
    group_.commit(group, topic, QueueId(queue), QueueOffset(offset));
  }
  own_.remove(last, topic);
}

void Variants::commit(const Link* link, std::string_view group, std::string_view topic,
                      QueueId queue, QueueOffset next) {
  if (idle()) return group_.commit(group, topic, queue, next);
  const auto now = members_.variants(link, group, topic);
  std::lock_guard lock(mutex_);
  const bool apart = now.live.size() > 1 || !tracked(group, topic).empty();
  if (!apart) return group_.commit(group, topic, queue, next);
  if (!now.own) {
    if (now.live.empty()) group_.commit(group, topic, queue, next);
    return;
  }
  adopt(now, group, topic, queue);
  own_.commit(name(group, *now.own), topic, queue, next);
  settle(now, group, topic, queue);
  forget_covered(now, group, topic);
  changed();
}

std::optional<QueueOffset> Variants::committed(const Link* link, std::string_view group,
                                               std::string_view topic, QueueId queue) {
  if (idle()) return group_.committed(group, topic, queue);
  const auto now = members_.variants(link, group, topic);
  std::lock_guard lock(mutex_);
  if (now.live.size() > 1) {
    adopt(now, group, topic, queue);
    changed();
  }
  if (now.own) {
    const auto own = own_.committed(name(group, *now.own), topic, queue);
    if (own) return own;
  }
  return group_.committed(group, topic, queue);
}

void Variants::begin(const Link* link, std::string_view group, std::string_view topic,
                     QueueId queue, QueueOffset offset) {
  if (!members_.any_split()) return;
  const auto now = members_.variants(link, group, topic);
  if (!now.own || now.live.size() < 2) return;
  std::lock_guard lock(mutex_);
  const std::string scope = name(group, *now.own);
  if (own_.committed(scope, topic, queue) || group_.committed(group, topic, queue)) return;
  own_.commit(scope, topic, queue, offset);
  changed();
}

void Variants::reset(std::string_view group, std::string_view topic, QueueId queue,
                     QueueOffset target) {
  std::lock_guard lock(mutex_);
  for (const std::string& filter : tracked(group, topic)) {
    own_.commit(name(group, filter), topic, queue, target);
  }
  group_.commit(group, topic, queue, target);
}

std::string Variants::scope(const Link* link, std::string_view group,
                            std::string_view topic) const {
  if (!members_.any_split()) return std::string(group);
  const auto now = members_.variants(link, group, topic);
  return now.own && now.live.size() > 1 ? name(group, *now.own) : std::string(group);
}

std::vector<std::string> Variants::scopes(std::string_view group, std::string_view topic) const {
  if (!members_.any_split()) return {std::string(group)};
  const auto now = members_.variants(nullptr, group, topic);
  if (now.live.size() < 2) return {std::string(group)};
  std::vector<std::string> names;
  names.reserve(now.live.size());
  for (const std::string& filter : now.live) names.push_back(name(group, filter));
  return names;
}

bool Variants::apart(std::string_view group, std::string_view topic) const {
  if (idle()) return false;
  if (members_.variants(nullptr, group, topic).live.size() > 1) return true;
  std::lock_guard lock(mutex_);
  return !tracked(group, topic).empty();
}

void Variants::remove_group(std::string_view group) {
  std::lock_guard lock(mutex_);
  const std::string prefix = name(group, {});
  for (const Progress::Entry& entry : own_.entries()) {
    if (entry.group.starts_with(prefix)) own_.remove_group(entry.group);
  }
  changed();
}

void Variants::remove_topic(std::string_view topic) {
  std::lock_guard lock(mutex_);
  own_.remove_topic(topic);
  changed();
}

void Variants::restore(const std::vector<Progress::Entry>& entries) {
  std::lock_guard lock(mutex_);
  own_.restore(entries);
  changed();
}

}  // namespace sluice::delivery
