// Workers that take jobs one by one: each job is leased to one of them, renewed while it is worked
// on, and comes again, to any of them, if it is not acknowledged:  pop_worker 127.0.0.1:9876
#include <atomic>
#include <iostream>
#include <thread>
#include <vector>

#include <sluice/producer.h>
#include <sluice/simple_consumer.h>

constexpr int kJobs = 20;

void work(sluice::SimpleConsumer& consumer, std::atomic<int>& done) {
  while (done < kJobs) {
    const auto leases = consumer.receive({.max_messages = 4, .wait = std::chrono::seconds(1)});
    if (!leases) return std::cerr << leases.error().remark << '\n', void();
    for (const sluice::Lease& lease : *leases) {
      // A worker that crashed here would leave the job to another one.
      if (consumer.ack(lease)) ++done;
    }
  }
}

int main(int argc, char** argv) {
  sluice::Client client({.name_servers = argc > 1 ? argv[1] : "127.0.0.1:9876"});
  sluice::Producer producer(client);
  for (int i = 0; i < kJobs; ++i) {
    const auto sent = producer.send({.topic = "jobs", .body = "job " + std::to_string(i)});
    if (!sent) return std::cerr << sent.error().remark << '\n', 1;
  }
  sluice::SimpleConsumer consumer(client, {.group = "workers",
                                           .subscriptions = {{.topic = "jobs"}},
                                           .start = sluice::StartAt::first,
                                           .invisible = std::chrono::seconds(30),
                                           .renew = true});
  std::atomic<int> done{0};
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 3; ++i) workers.emplace_back([&] { work(consumer, done); });
  }
  std::cout << done << " jobs done\n";
  return done >= kJobs ? 0 : 1;
}
