#include <cstdio>
#include <memory>
#include <thread>

#include <sluice/push_consumer.h>
#include <unistd.h>

#include "driver.h"

// The subcommand `consume`, with the arguments of the Java driver's Consume.java.
namespace driver {
namespace {

sluice::Listener listener_of(const Args& args, const std::string& name) {
  const int pause = args.number("pause", 0), fail = args.number("fail", 0);
  return [=, levels = args.list("levels", "0")](auto messages) -> sluice::Verdict {
    for (const sluice::ReceivedMessage& m : messages) {
      got(name, m);
      // lint: allow(banned) a listener that takes its time
      std::this_thread::sleep_for(std::chrono::milliseconds(pause));
    }
    const int again = messages.front().attempt;
    if (again >= fail) return {};
    const std::size_t at = std::min(static_cast<std::size_t>(again), levels.size() - 1);
    return {.done = false, .delay_level = nlohmann::json::parse(levels[at]).get<int>()};
  };
}

std::chrono::system_clock::time_point time_of(const std::string& ms) {
  return std::chrono::system_clock::time_point(
      std::chrono::milliseconds(nlohmann::json::parse(ms).get<std::int64_t>()));
}

/// Takes the messages of a consumer without a listener until it is closed.
void stream(sluice::PushConsumer& consumer, const std::string& name) {
  while (auto delivery = consumer.next_blocking()) {
    got(name, delivery->message());
    delivery->done();
  }
}

sluice::PushConsumerOptions options_of(const Args& args, const std::string& name) {
  sluice::PushConsumerOptions options{.group = args.text("group"),
                                      .listener = listener_of(args, name)};
  for (const std::string& topic : args.list("topic")) {
    options.subscriptions.push_back(
        {.topic = topic, .expression = args.text("sub", "*"), .sql = args.text("type") == "SQL92"});
  }
  options.orderly = args.text("listener") == "orderly";
  if (args.text("listener") == "stream") options.listener = nullptr;
  options.broadcasting = args.text("model") == "BROADCASTING";
  const std::string from = args.text("from", "first");
  options.start = from == "first"  ? sluice::StartAt::first
                  : from == "time" ? sluice::StartAt::time
                                   : sluice::StartAt::last;
  options.start_time = time_of(args.text("at", "0"));
  options.offset_directory = args.text("offsets");
  options.threads = args.number("threads", 4);
  options.max_cached_messages = args.number("cached", 1'000);
  options.max_batch = args.number("batch", 1);
  options.max_attempts = args.number("max", -1);
  options.commit_interval = std::chrono::milliseconds(args.number("persist", 5'000));
  const std::string sharing = args.text("sharing");
  if (sharing == "circle") options.sharing.rule = sluice::Sharing::circle;
  if (sharing == "hash") options.sharing.rule = sluice::Sharing::consistent_hash;
  return options;
}

}  // namespace

int consume(const Args& args) {
  std::vector<std::unique_ptr<sluice::Client>> clients;
  std::vector<std::unique_ptr<sluice::PushConsumer>> consumers;
  for (int i = 0; i < args.number("instances", 1); ++i) {
    const std::string name = args.text("name", "c") + std::to_string(i);
    auto client = client_options(args);
    client.instance = name + "-" + args.text("instance", std::to_string(getpid()));
    clients.push_back(std::make_unique<sluice::Client>(std::move(client)));
    consumers.push_back(
        std::make_unique<sluice::PushConsumer>(*clients.back(), options_of(args, name)));
    const auto status = consumers.back()->status();
    if (!status) {
      line("error", {{"why", status.error().remark}});
      return 1;
    }
  }
  std::vector<std::thread> streams;
  if (args.text("listener") == "stream") {
    for (std::size_t i = 0; i < consumers.size(); ++i) {
      streams.emplace_back([&, i, name = args.text("name", "c") + std::to_string(i)] {
        stream(*consumers[i], name);
      });
    }
  }
  line("ready");
  until_told();
  for (auto& consumer : consumers) static_cast<void>(consumer->close());
  for (std::thread& one : streams) one.join();
  consumers.clear();
  return 0;
}

}  // namespace driver
