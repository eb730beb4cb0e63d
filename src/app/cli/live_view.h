#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"

/// What `sluice top` shows: topics and groups of a cluster, and how fast they move. Pure.
namespace sluice::app {

struct LiveTopic {
  std::int32_t queues = 0;
  std::int64_t messages = 0;  ///< kept now
  std::int64_t end = 0;       ///< ever stored: the sum of the queues' ends
};

struct LiveGroup {
  int members = 0;
  std::int64_t consumed = 0;  ///< the sum of the queues' progress
  std::int64_t lag = 0;
  std::optional<std::int64_t> unread_since;  ///< of the oldest unread message, ms since the epoch
};

/// One look at a cluster.
struct LiveSample {
  SteadyTime at;
  std::map<std::string, LiveTopic> topics;
  std::map<std::pair<std::string, std::string>, LiveGroup> groups;  ///< by group and topic
};

/// For people: the busiest first, at most `rows` topics and as many groups. `before` is the look
/// from which rates are counted; what it does not have gets none.
std::string live_text(const LiveSample& before, const LiveSample& now, WallTime wall,
                      std::size_t rows);
/// The same for scripts, everything, by name.
nlohmann::ordered_json live_json(const LiveSample& before, const LiveSample& now, WallTime wall);

}  // namespace sluice::app
