#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/numbers.h"
#include "wire/record/properties.h"

/// Light message queues (RocketMQ's LMQ): one record that lies in more queues than its own. Its
/// property INNER_MULTI_DISPATCH names them, with commas between; each is the queue 0 of a topic
/// whose name begins with %LMQ%. INNER_MULTI_QUEUE_OFFSET has the record's offsets there, in the
/// same order. Source: apache/rocketmq store/LmqDispatch.java, common/MixAll.java.
namespace sluice::wire::record {

inline constexpr std::string_view kLightPrefix = "%LMQ%";
inline constexpr QueueId kLightQueue{0};
/// Offsets are written with as many digits as the largest has, so that a record's size does not
/// depend on them: they become known last. Java's parseLong takes them as they are.
inline constexpr std::size_t kOffsetDigits = 19;

/// Whether messages of the topic go to light queues. Retries and what waits for something do not:
/// their readers have had them, or are to have them later. Apache's broker also lets dead letters
/// go there, so that they come back to those who gave them up.
inline bool goes_to_light_queues(std::string_view topic) {
  return !topic.starts_with("%RETRY%") && !topic.starts_with("%DLQ%") &&
         !topic.starts_with("rmq_sys_") && !topic.starts_with("RMQ_SYS_TRANS_") &&
         topic != "SCHEDULE_TOPIC_XXXX";
}

/// Takes the first of several texts with commas between off `list`.
inline std::string_view take_listed(std::string_view& list) {
  const std::size_t end = std::min(list.find(','), list.size());
  const std::string_view one = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return one;
}

/// use(name, offset) for each light queue of a record that was stored; nothing for other records,
/// or where the two properties do not agree.
template <class Use>
void each_light_queue(std::string_view topic, std::string_view properties, Use use) {
  if (!goes_to_light_queues(topic)) return;
  std::string_view names = find_property(properties, property::kDispatch);
  if (names.empty()) return;
  std::string_view offsets = find_property(properties, property::kDispatchOffsets);
  while (!names.empty() && !offsets.empty()) {
    const std::string_view name = take_listed(names);
    const auto offset = parse_number<std::int64_t>(take_listed(offsets));
    if (offset && *offset >= 0 && name.starts_with(kLightPrefix)) use(name, QueueOffset(*offset));
  }
}

/// Writes an offset with kOffsetDigits digits.
inline void write_offset(QueueOffset offset, char* to) {
  for (std::size_t i = kOffsetDigits; i-- > 0; offset.value /= 10) {
    to[i] = static_cast<char>('0' + offset.value % 10);
  }
}

}  // namespace sluice::wire::record
