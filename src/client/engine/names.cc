#include "client/engine/names.h"

#include <algorithm>

namespace sluice::client {
namespace {

constexpr char kSeparator = '%';

/// Source: apache/rocketmq common/topic/TopicValidator.java, common/MixAll.java.
constexpr std::string_view kSystemPrefixes[] = {"rmq_sys_", "CID_RMQ_SYS_"};
constexpr std::string_view kSystemNames[] = {"TBW102",
                                             "SCHEDULE_TOPIC_XXXX",
                                             "BenchmarkTest",
                                             "SELF_TEST_TOPIC",
                                             "RMQ_SYS_TRANS_HALF_TOPIC",
                                             "RMQ_SYS_TRANS_OP_HALF_TOPIC",
                                             "OFFSET_MOVED_EVENT",
                                             "TRANS_CHECK_MAX_TIME_TOPIC",
                                             "RMQ_SYS_TRACE_TOPIC"};

bool is_system(std::string_view name) {
  return std::ranges::find(kSystemNames, name) != std::end(kSystemNames) ||
         std::ranges::any_of(kSystemPrefixes,
                             [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// `%RETRY%` or `%DLQ%`, or nothing.
std::string_view prefix_of(std::string_view name) {
  for (const std::string_view prefix : {std::string_view("%RETRY%"), std::string_view("%DLQ%")}) {
    if (name.starts_with(prefix)) return prefix;
  }
  return {};
}

}  // namespace

bool Names::has_it(std::string_view rest) const {
  return rest.size() > name_space_.size() && rest.starts_with(name_space_) &&
         rest[name_space_.size()] == kSeparator;
}

std::string Names::wrap(std::string_view name) const {
  const std::string_view prefix = prefix_of(name);
  const std::string_view rest = name.substr(prefix.size());
  if (name_space_.empty() || name.empty() || is_system(name) || has_it(rest)) {
    return std::string(name);
  }
  std::string out(prefix);
  out += name_space_;
  out += kSeparator;
  return out += rest;
}

void Names::strip(std::string& name) const {
  if (name_space_.empty()) return;
  const std::size_t prefix = prefix_of(name).size();
  if (has_it(std::string_view(name).substr(prefix))) name.erase(prefix, name_space_.size() + 1);
}

Queue Names::wrap(Queue queue) const {
  queue.topic = wrap(queue.topic);
  return queue;
}

std::vector<Queue> Names::wrap(std::vector<Queue> queues) const {
  for (Queue& queue : queues) queue.topic = wrap(queue.topic);
  return queues;
}

std::vector<Queue> Names::stripped(std::vector<Queue> queues) const {
  for (Queue& queue : queues) strip(queue.topic);
  return queues;
}

}  // namespace sluice::client
