// Many small messages in few requests: gathered by the producer, and by hand:  batch 127.0.0.1:9876
#include <atomic>
#include <future>
#include <iostream>

#include <sluice/producer.h>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  sluice::Client client({.name_servers = argc > 1 ? argv[1] : "127.0.0.1:9876"});
  // A message waits up to 5 ms for others; each has its own receipt.
  sluice::Producer producer(client, {.group = "sensors", .linger = 5ms, .batch_bytes = 32'000});
  constexpr int kCount = 10'000;
  std::atomic<int> stored{0}, open{kCount};
  std::promise<void> all;
  for (int i = 0; i < kCount; ++i) {
    producer.async_send({.topic = "readings", .body = std::to_string(i)},
                        [&](const sluice::Outcome<sluice::Receipt>& sent) {
                          if (sent) ++stored;
                          if (--open == 0) all.set_value();
                        });
  }
  all.get_future().wait();
  // All of these or none, one after the other in one queue.
  const auto receipts = producer.send_batch(
      {{.topic = "readings", .body = "first"}, {.topic = "readings", .body = "second"}});
  if (!receipts) return std::cerr << receipts.error().remark << '\n', 1;
  std::cout << stored << " gathered, " << receipts->size() << " by hand\n";
  return stored == kCount ? 0 : 1;
}
