#pragma once

#include <string>
#include <utility>

#include "naming/route_tables.h"

/// What the tests of routes share: brokers with the topics T and U, and times.
namespace sluice::naming::testing {

constexpr SteadyTime at(std::int64_t ms) { return SteadyTime(milliseconds(ms)); }

inline TopicEntry topic(std::string name, std::int32_t queues = 8, std::int32_t flag = 0) {
  return {std::move(name), queues, queues, kPermRead | kPermWrite, flag};
}

inline BrokerRegistration broker(std::string name, std::int64_t id, std::string address) {
  return {.cluster = "c1",
          .broker_name = std::move(name),
          .broker_id = id,
          .address = BrokerAddress::fixed(std::move(address)),
          .ha_address = BrokerAddress::fixed("ha"),
          .enable_acting_master = false,
          .version = {.state_version = 1, .counter = 1},
          .topics = {topic("T"), topic("U")},
          .connection = 7};
}

}  // namespace sluice::naming::testing
