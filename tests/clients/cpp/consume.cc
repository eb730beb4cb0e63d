#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include <sluice/push_consumer.h>
#include <unistd.h>

#include "driver.h"

// The subcommand `consume`, with the arguments of the Java driver's Consume.java.
namespace driver {
namespace {

/// Calls use(name, value) for each property.
template <class Use>
void each_property(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('\x02'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t end = pair.find('\x01');
    if (end != std::string_view::npos) use(pair.substr(0, end), pair.substr(end + 1));
  }
}

void got(const std::string& by, const sluice::ReceivedMessage& m) {
  nlohmann::json user = nlohmann::json::object(), retry = nlohmann::json::object();
  each_property(m.properties, [&](std::string_view name, std::string_view value) {
    if (name.substr(0, 4) == "test") user[std::string(name)] = value;
    if (name.substr(0, 4) == "DLQ_" || name == "RETRY_TOPIC" || name == "DELAY")
      retry[std::string(name)] = value;
  });
  const std::string_view sum = m.property("crc"), s = m.property("s");
  const auto ms = [](auto time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  };
  nlohmann::json event{{"by", by},
                       {"topic", m.topic},
                       {"q", m.queue_id},
                       {"o", m.offset},
                       {"p", m.property("p")},
                       {"n", std::string(m.property("p")) + "/" + std::string(s)},
                       {"s", s.empty() ? -1 : nlohmann::json::parse(s).get<long>()},
                       {"size", m.body.size()},
                       {"whole", sum.empty() || sum == crc(m.body)},
                       {"tags", m.tag()},
                       {"keys", m.keys()},
                       {"again", m.attempt},
                       {"id", m.id()},
                       {"at", now_ms()},
                       {"stored", ms(m.stored)},
                       {"born", ms(m.born)},
                       {"prop", user},
                       {"retry", retry},
                       {"text", nullptr}};
  if (sum.empty() && m.body.size() <= 64) event["text"] = m.body;
  line("got", std::move(event));
}

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

sluice::PushConsumerOptions options_of(const Args& args, const std::string& name) {
  sluice::PushConsumerOptions options{.group = args.text("group"),
                                      .listener = listener_of(args, name)};
  for (const std::string& topic : args.list("topic")) {
    options.subscriptions.push_back(
        {.topic = topic, .expression = args.text("sub", "*"), .sql = args.text("type") == "SQL92"});
  }
  options.orderly = args.text("listener") == "orderly";
  options.broadcasting = args.text("model") == "BROADCASTING";
  options.start =
      args.text("from", "first") == "first" ? sluice::StartAt::first : sluice::StartAt::last;
  options.threads = args.number("threads", 4);
  options.max_batch = args.number("batch", 1);
  options.max_attempts = args.number("max", -1);
  options.commit_interval = std::chrono::milliseconds(args.number("persist", 5'000));
  const std::string sharing = args.text("sharing");
  if (sharing == "circle") options.sharing = sluice::Sharing::circle;
  if (sharing == "hash") options.sharing = sluice::Sharing::consistent_hash;
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
  line("ready");
  until_told();
  consumers.clear();
  return 0;
}

}  // namespace driver
