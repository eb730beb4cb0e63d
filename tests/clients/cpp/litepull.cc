#include <thread>

#include <sluice/pull_consumer.h>
#include <unistd.h>

#include "driver.h"

// The subcommand `litepull`, with the arguments of the Java driver's LitePull.java; also from=last,
// namespace=NAME.
namespace driver {
namespace {

using Clock = std::chrono::steady_clock;

/// Takes all queues of the topic and goes to `seek` in each. The topic may be new.
bool assign(const Args& args, sluice::PullConsumer& consumer) {
  const auto queues = consumer.queues_of(args.text("topic"));
  if (!queues || !consumer.assign(*queues)) return false;
  line("queues", {{"n", queues->size()}});
  const std::string seek = args.text("seek");
  for (const sluice::Queue& queue : *queues) {
    sluice::Place place = sluice::End::first;
    if (!seek.empty()) place = nlohmann::json::parse(seek).get<std::int64_t>();
    const auto sought = consumer.seek(queue, place);
    if (!sought) return line("error", {{"why", sought.error().remark}}), false;
  }
  return true;
}

}  // namespace

int litepull(const Args& args) {
  auto reached = client_options(args);
  reached.instance = "lite" + std::to_string(getpid());
  sluice::Client client(std::move(reached));
  sluice::PullConsumerOptions options{.group = args.text("group"),
                                      .start = args.text("from", "first") == "first"
                                                   ? sluice::StartAt::first
                                                   : sluice::StartAt::last,
                                      .auto_commit = args.text("auto") == "true"};
  const bool assigns = args.text("how", "assign") == "assign";
  if (!assigns) {
    options.subscriptions = {{.topic = args.text("topic"), .expression = args.text("sub", "*")}};
  }
  sluice::PullConsumer consumer(client, options);
  if (assigns && !assign(args, consumer)) return 1;
  line("ready");
  const int n = args.number("n", 1);
  const auto quiet = std::chrono::milliseconds(args.number("quiet", 5'000));
  auto since = Clock::now();
  for (int seen = 0; seen < n && Clock::now() - since < quiet;) {
    const auto messages = consumer.poll(std::chrono::milliseconds(500));
    if (!messages) return line("error", {{"why", messages.error().remark}}), 1;
    for (const auto& m : *messages) {
      got(args.text("name", "lite"), m);
      since = Clock::now();
    }
    seen += static_cast<int>(messages->size());
  }
  if (args.text("commit") == "true" && !consumer.commit()) return 1;
  return 0;
}

}  // namespace driver
