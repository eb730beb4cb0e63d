#include <atomic>
#include <future>
#include <semaphore>

#include <sluice/producer.h>
#include <sluice/push_consumer.h>
#include <sys/resource.h>

#include "driver.h"

// The subcommand `measure`, with the arguments of the Java driver's Measure.java.
namespace driver {
namespace {

std::int64_t cpu_us() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto us = [](const timeval& t) { return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_usec; };
  return us(used.ru_utime) + us(used.ru_stime);
}

/// Counts messages from any thread; tells what those after the first `warm` cost.
class Meter {
 public:
  explicit Meter(const Args& args)
      : warm_(args.number("warm", 0)), all_(warm_ + args.number("n", 1)) {}
  std::int64_t all() const { return all_; }

  void count(std::int64_t messages) {
    const std::int64_t now = moved_.fetch_add(messages) + messages;
    if (now >= warm_ && now - messages < warm_) {
      cpu_ = cpu_us();
      begin_ = std::chrono::steady_clock::now();
    }
    if (now < all_ || now - messages >= all_) return;
    const auto wall = std::chrono::steady_clock::now() - begin_;
    line("measured",
         {{"n", now - warm_},
          {"cpu_us", cpu_us() - cpu_},
          {"wall_us", std::chrono::duration_cast<std::chrono::microseconds>(wall).count()}});
    ended_.set_value();
  }
  void wait() { ended_.get_future().wait(); }

 private:
  const std::int64_t warm_, all_;
  std::atomic<std::int64_t> moved_{0}, cpu_{0};
  std::chrono::steady_clock::time_point begin_{};
  std::promise<void> ended_;
};

void produce(const Args& args, sluice::Client& client, Meter& meter) {
  sluice::Producer producer(client, {});
  std::counting_semaphore<> free(args.number("depth", 256));
  const std::string body(static_cast<std::size_t>(args.number("size", 1'024)), 'x');
  for (std::int64_t i = 0; i < meter.all(); ++i) {
    free.acquire();
    producer.async_send({.topic = args.text("topic"), .body = body},
                        [&](const sluice::Outcome<sluice::Receipt>& sent) {
                          free.release();
                          if (!sent) line("failed", {{"why", sent.error().remark}});
                          meter.count(1);
                        });
  }
  meter.wait();
}

void consume(const Args& args, sluice::Client& client, Meter& meter) {
  const sluice::PushConsumer consumer(
      client, {.group = args.text("group"),
               .subscriptions = {{.topic = args.text("topic")}},
               .listener =
                   [&meter](auto messages) {
                     meter.count(static_cast<std::int64_t>(messages.size()));
                     return sluice::Verdict{};
                   },
               .start = sluice::StartAt::first,
               .threads = args.number("threads", 4),
               .max_batch = args.number("batch", 32)});
  meter.wait();
}

}  // namespace

int measure(const Args& args) {
  Meter meter(args);
  sluice::Client client({.name_servers = args.text("ns")});
  args.text("what") == "produce" ? produce(args, client, meter) : consume(args, client, meter);
  return 0;
}

}  // namespace driver
