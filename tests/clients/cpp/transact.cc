#include <chrono>
#include <cstdlib>
#include <thread>

#include <sluice/producer.h>

#include "driver.h"

// The subcommand `transact`, with the arguments of the Java driver's Transact.java.
namespace driver {
namespace {

sluice::Decision decision_of(const std::string& word) {
  if (word == "commit") return sluice::Decision::commit;
  return word == "rollback" ? sluice::Decision::rollback : sluice::Decision::unknown;
}

std::string word_of(const std::vector<std::string>& words, long s) {
  return words[static_cast<std::size_t>(s) % words.size()];
}

/// What is said when a broker asks.
sluice::Decision asked(const Args& args, const sluice::ReceivedMessage& half) {
  const long s = nlohmann::json::parse(half.property("s")).get<long>();
  std::string word = word_of(args.list("how", "commit"), s);
  if (word != "commit" && word != "rollback") word = word_of(args.list("check", "unknown"), s);
  const auto born =
      std::chrono::duration_cast<std::chrono::milliseconds>(half.born.time_since_epoch());
  line("checked",
       {{"s", s}, {"says", word}, {"topic", half.topic}, {"at", now_ms()}, {"born", born.count()}});
  return decision_of(word);
}

void one(const Args& args, sluice::Producer& producer, long s) {
  const std::string body = "body " + std::to_string(s);
  sluice::Message message{.topic = args.text("topic"), .body = body, .tag = args.text("tags")};
  message.properties = {{"p", args.text("p", "p0")}, {"s", std::to_string(s)}, {"crc", crc(body)}};
  const std::string immunity = args.text("immunity");
  if (!immunity.empty())
    message.properties.emplace_back("CHECK_IMMUNITY_TIME_IN_SECONDS", immunity);
  auto begun = producer.begin(std::move(message));
  if (!begun) return line("failed", {{"s", s}, {"why", begun.error().remark}});
  const std::string word = word_of(args.list("how", "commit"), s);
  if (word == "halt") {
    line("halted", {{"s", s}});
    std::_Exit(3);
  }
  sluice::Outcome<void> ended;
  if (word == "commit") ended = begun->commit();
  if (word == "rollback") ended = begun->rollback();
  if (!ended) line("note", {{"s", s}, {"why", ended.error().remark}});
  const sluice::Receipt& half = begun->receipt();
  line("sent", {{"s", s},
                {"status", "SEND_OK"},
                {"q", half.queue.id},
                {"o", half.offset},
                {"id", half.message_id},
                {"offsetId", half.offset_id},
                {"tx", half.transaction_id}});
}

}  // namespace

int transact(const Args& args) {
  auto options = client_options(args);
  options.heartbeat = options.route_refresh = std::chrono::milliseconds(500);
  sluice::Client client(options);
  sluice::Producer producer(
      client,
      {.group = args.text("group"),
       .send_timeout = std::chrono::milliseconds(args.number("timeout", 10'000)),
       .retries = args.number("retries", 0),
       .check = [&args](const sluice::ReceivedMessage& half) { return asked(args, half); }});
  for (int i = 0; i < args.number("n", 1); ++i) {
    one(args, producer, args.number("first", 0) + i);
    // lint: allow(banned) a producer that takes its time
    std::this_thread::sleep_for(std::chrono::milliseconds(args.number("pause", 0)));
  }
  line("idle");
  if (args.text("stay") == "true") until_told();
  return 0;
}

}  // namespace driver
