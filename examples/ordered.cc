// Sends the steps of three orders and consumes each order's steps in their order:  ordered
// 127.0.0.1:9876
#include <condition_variable>
#include <iostream>
#include <mutex>

#include <sluice/producer.h>
#include <sluice/push_consumer.h>

int main(int argc, char** argv) {
  sluice::Client client({.name_servers = argc > 1 ? argv[1] : "127.0.0.1:9876"});
  sluice::Producer producer(client, {.group = "shop"});
  for (const char* step : {"placed", "paid", "sent"}) {
    for (const char* order : {"order-1", "order-2", "order-3"}) {
      const auto sent = producer.send({.topic = "orders", .body = step, .sharding_key = order});
      if (!sent) return std::cerr << sent.error().remark << '\n', 1;
    }
  }
  std::mutex mutex;
  std::condition_variable changed;
  int seen = 0;
  sluice::PushConsumer consumer(client, {.group = "shippers",
                                         .subscriptions = {{.topic = "orders"}},
                                         .listener =
                                             [&](auto messages) {
                                               const std::lock_guard<std::mutex> lock(mutex);
                                               for (const auto& m : messages) {
                                                 std::cout << m.property("__SHARDINGKEY") << ' '
                                                           << m.body << '\n';
                                                 ++seen;
                                               }
                                               changed.notify_all();
                                               return sluice::Verdict{};
                                             },
                                         .orderly = true,
                                         .start = sluice::StartAt::first});
  std::unique_lock<std::mutex> lock(mutex);
  const bool all = changed.wait_for(lock, std::chrono::seconds(30), [&] { return seen >= 9; });
  return all ? 0 : 1;
}
