// Asks a question and gets the answer of a consumer:  request 127.0.0.1:9876
#include <iostream>

#include <sluice/producer.h>
#include <sluice/push_consumer.h>

int main(int argc, char** argv) {
  sluice::Client client({.name_servers = argc > 1 ? argv[1] : "127.0.0.1:9876"});
  sluice::Producer producer(client, {.group = "askers"});
  // Makes the topic, so that the consumer finds it at once.
  if (auto made = producer.send({.topic = "questions", .body = "-"}); !made) {
    return std::cerr << made.error().remark << '\n', 1;
  }
  sluice::PushConsumer consumer(
      client, {.group = "answerers",
               .subscriptions = {{.topic = "questions"}},
               .listener =
                   [&producer](auto messages) {
                     for (const auto& m : messages) {
                       auto reply = sluice::reply_to(m, "I heard: " + std::string(m.body));
                       if (reply) producer.send(std::move(*reply));  // else nobody waits for one
                     }
                     return sluice::Verdict{};
                   },
               .start = sluice::StartAt::first});
  const auto answer =
      producer.request({.topic = "questions", .body = "anybody there?"}, std::chrono::seconds(30));
  if (!answer) return std::cerr << answer.error().remark << '\n', 1;
  std::cout << answer->body << '\n';
}
