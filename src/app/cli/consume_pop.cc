#include <span>
#include <utility>

#include "app/cli/consume.h"
#include "base/os/system_clock.h"
#include "client/popper.h"

namespace sluice::app {

using client::Received;

/// Message by message: each is acknowledged when it is written.
Result<void> consume_by_pop(const ConsumeOptions& options, const MessageFormat& format,
                            bool ordered, client::Cluster& cluster, StopSignals& stop) {
  if (options.group.empty()) {
    return fail(Errc::invalid_argument, "--model pop shares messages in a group: name it with -g");
  }
  if (options.from != "first" && options.from != "last") {
    return fail(Errc::invalid_argument, "--model pop begins at --from first or --from last");
  }
  const std::int64_t wanted = options.count > 0 ? std::min<std::int64_t>(options.count, 32) : 32;
  client::Popper popper(cluster, options.topic,
                        {.group = options.group,
                         .expression = options.tags,
                         .batch = static_cast<std::int32_t>(wanted),
                         .invisible = std::chrono::seconds(options.invisible_seconds),
                         .from_first = options.from == "first",
                         .ordered = ordered});
  const SystemClock clock;
  SteadyTime quiet_since = clock.steady();
  for (std::int64_t left = options.count; !stop.arrived();) {
    SLUICE_TRY(std::vector<client::Popped> popped, popper.next(kLook));
    if (popped.empty()) {
      const auto quiet = clock.steady() - quiet_since;
      if (options.idle_seconds > 0 && quiet >= std::chrono::seconds(options.idle_seconds)) break;
      continue;
    }
    if (options.count > 0 && std::cmp_greater(popped.size(), left)) {
      SLUICE_CHECK(popper.give_back(std::span(popped).subspan(static_cast<std::size_t>(left))));
      popped.resize(static_cast<std::size_t>(left));
    }
    std::vector<Received> messages;
    messages.reserve(popped.size());
    for (const client::Popped& one : popped) messages.push_back(one.message);
    SLUICE_CHECK(write_messages(messages, format));
    SLUICE_CHECK(popper.acknowledge(popped));
    quiet_since = clock.steady();
    left -= static_cast<std::int64_t>(popped.size());
    if (options.count > 0 && left == 0) break;
  }
  return {};
}

}  // namespace sluice::app
