#include <sluice/producer.h>
#include <sluice/push_consumer.h>

#include "driver.h"

// The subcommands `request` and `reply`, with the arguments of the Java driver's Reply.java.
namespace driver {

int request(const Args& args) {
  sluice::Client client(client_options(args));
  sluice::Producer producer(client, {.group = "driver_askers"});
  for (int i = 0; i < args.number("n", 1); ++i) {
    const std::string body = "ask " + std::to_string(i);
    sluice::Message message{.topic = args.text("topic"), .body = body};
    message.properties = {{"p", "p0"}, {"s", std::to_string(i)}, {"crc", crc(body)}};
    const auto answer = producer.request(std::move(message),
                                         std::chrono::milliseconds(args.number("timeout", 10'000)));
    if (answer) {
      line("answer", {{"s", i}, {"text", answer->body}});
    } else {
      line("failed", {{"s", i}, {"why", answer.error().remark}});
    }
  }
  return 0;
}

int reply(const Args& args) {
  sluice::Client client(client_options(args));
  sluice::Producer producer(client, {.group = "driver_repliers"});
  sluice::PushConsumer consumer(
      client, {.group = args.text("group"),
               .subscriptions = {{.topic = args.text("topic")}},
               .listener = [&producer](auto messages) -> sluice::Verdict {
                 for (const sluice::ReceivedMessage& m : messages) {
                   auto answer = sluice::reply_to(m, "re: " + std::string(m.body));
                   const auto sent = answer ? producer.send(std::move(*answer))
                                            : sluice::Outcome<sluice::Receipt>(answer.error());
                   if (sent) {
                     line("replied", {{"s", m.property("s")}, {"status", "SEND_OK"}});
                   } else {
                     line("notreplied", {{"s", m.property("s")}, {"why", sent.error().remark}});
                   }
                 }
                 return {};
               },
               .start = sluice::StartAt::first});
  line("ready");
  until_told();
  return 0;
}

}  // namespace driver
