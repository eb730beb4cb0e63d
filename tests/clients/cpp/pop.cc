#include <atomic>
#include <memory>
#include <thread>

#include <sluice/simple_consumer.h>

#include "driver.h"

// pop ns= topic= group= [instances=1] [name=p] [invisible=MS] [batch=16] [renew=true] [fifo=true]
// [sub=TAGS] [drop=N] [hold=MS] [namespace=NAME]: simple consumers that print a "got" line for each
// message and acknowledge it, until told to stop. The first N deliveries of each are dropped
// instead; each is held for that long before it is acknowledged.
namespace driver {
namespace {

void work(const Args& args, sluice::SimpleConsumer& consumer, const std::string& name,
          const std::atomic<bool>& stop) {
  int drop = args.number("drop", 0);
  const auto hold = std::chrono::milliseconds(args.number("hold", 0));
  while (!stop) {
    auto leases = consumer.receive(
        {.max_messages = args.number("batch", 16), .wait = std::chrono::milliseconds(1'000)});
    if (!leases) {
      line("failed", {{"why", leases.error().remark}});
      // lint: allow(banned) the topic or its broker is not there yet
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      continue;
    }
    for (const sluice::Lease& lease : *leases) {
      got(name, lease.message());
      if (drop-- > 0) continue;
      // lint: allow(banned) a consumer that takes its time
      std::this_thread::sleep_for(hold);
      const auto acknowledged = consumer.ack(lease);
      if (!acknowledged) line("failed", {{"why", acknowledged.error().remark}});
    }
  }
}

}  // namespace

int pop(const Args& args) {
  sluice::Client client(client_options(args));
  std::atomic<bool> stop{false};
  std::vector<std::unique_ptr<sluice::SimpleConsumer>> consumers;
  std::vector<std::thread> threads;
  for (int i = 0; i < args.number("instances", 1); ++i) {
    consumers.push_back(std::make_unique<sluice::SimpleConsumer>(
        client,
        sluice::SimpleConsumerOptions{
            .group = args.text("group"),
            .subscriptions = {{.topic = args.text("topic"), .expression = args.text("sub", "*")}},
            .start = sluice::StartAt::first,
            .fifo = args.text("fifo") == "true",
            .invisible = std::chrono::milliseconds(args.number("invisible", 30'000)),
            .renew = args.text("renew") == "true"}));
    threads.emplace_back(
        [&args, &stop, &consumer = *consumers.back(),
         name = args.text("name", "p") + std::to_string(i)] { work(args, consumer, name, stop); });
  }
  line("ready");
  until_told();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace driver
