#pragma once

#include <map>
#include <span>
#include <string>

#include <sluice/subscription.h>

#include "base/result.h"
#include "wire/remoting/bodies/heartbeat.h"
#include "wire/remoting/bodies/running_info.h"

/// What a consumer wants, as brokers and tools are told it. Pure.
namespace sluice::client {

struct Interest {
  Subscription subscription;
  std::int64_t version = 0;  ///< brokers take a newer one
};
using Interests = std::map<std::string, Interest>;  ///< by topic

/// How messages come to a consumer: ConsumeType, in its order.
enum class Way : std::uint8_t { pull, push, pop };

/// A member as its brokers know it.
struct Introduction {
  const std::string& group;
  Way way = Way::push;
  bool broadcasting = false;
  StartAt start = StartAt::last;
  const Interests& interests;
};
wire::remoting::ConsumerData heartbeat_of(const Introduction& member);

/// Adds what every consumer says to tools that ask: what it wants, and its PROP_CONSUME_TYPE.
void tell(wire::remoting::RunningInfo& info, const Introduction& member);

/// What every consumer's options must have. Errors: invalid_argument, which names the option.
Result<void> check_group(const std::string& group, std::span<const Subscription> subscriptions);

inline Result<void> bad_option(std::string why) {
  return fail(Errc::invalid_argument, std::move(why));
}

}  // namespace sluice::client
