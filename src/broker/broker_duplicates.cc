#include <algorithm>

#include "broker/broker.h"
#include "broker/duplicates_restore.h"

/// The broker's memory of what was stored, against sends that repeat.
namespace sluice::broker {

milliseconds Broker::duplicates_window(const Topic& topic) const {
  const std::int32_t own = topic.traits().window_ms;
  const milliseconds window = own >= 0 ? milliseconds(own) : options_.duplicates_window;
  if (window <= milliseconds(0)) return milliseconds(0);
  // What consumers give back has the key of what they got, on purpose.
  const std::string& name = topic.name();
  const bool own_traffic = is_system_topic(name) || name.starts_with(kRetryPrefix) ||
                           name.starts_with(kDeadPrefix) || name.ends_with("_REPLY_TOPIC");
  return own_traffic ? milliseconds(0) : window;
}

Result<void> Broker::load_duplicates(WallTime now) {
  const auto window_of = [this](std::string_view name) {
    const auto topic = topics_.find(name);
    return topic ? duplicates_window(*topic) : milliseconds(0);
  };
  milliseconds longest(0);
  for (const auto& config : topics_.configs()) longest = std::max(longest, window_of(config->name));
  if (longest <= milliseconds(0)) return {};
  return restore_duplicates(store_, window_of, longest, options_.duplicates_max, now, duplicates_);
}

}  // namespace sluice::broker
