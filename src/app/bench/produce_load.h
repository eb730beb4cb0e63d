#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <sluice/producer.h>

#include "app/bench/meter.h"

/// Sending as fast as the cluster answers, or at an even rate.
namespace sluice::app {

/// What lies at the beginning of a body that is to be timed to its receipt: whose it is, and when
/// it was due on this process' steady clock.
struct TimeStamp {
  static constexpr std::size_t kBytes = 16;
  std::uint64_t run = 0;
  std::int64_t due_ns = 0;

  void write(std::string& body) const;
  /// False: not a time stamp of this run.
  static bool read(std::string_view body, std::uint64_t run, TimeStamp& stamp);
};

struct ProduceLoadOptions {
  ClientOptions client;
  ProducerOptions producer;
  Message message;  ///< sent over and over; its body is filled to `body_bytes`
  std::size_t body_bytes = 1'024;
  int producers = 1;            ///< each with connections and a thread of its own
  int in_flight = 256;          ///< sends that may be under way at once, of each producer
  double rate = 0;              ///< messages a second of all producers; 0: as fast as answers come
  std::uint64_t stamp_run = 0;  ///< not 0: bodies begin with a TimeStamp of this run
};

/// Sends from construction to stop(). Latency is counted from when a message was due; without a
/// rate, from when it was handed over.
class ProduceLoad {
 public:
  /// Counts into `meter`, which must outlive this object.
  ProduceLoad(ProduceLoadOptions options, Meter& meter);
  ~ProduceLoad();
  ProduceLoad(const ProduceLoad&) = delete;
  ProduceLoad& operator=(const ProduceLoad&) = delete;

  /// Sends no more, and waits for what is under way (as long as the producer's send_timeout).
  void stop();

 private:
  static constexpr int kMostInFlight = 1 << 20;
  using Slots = std::counting_semaphore<kMostInFlight>;
  struct Worker {
    Worker(const ProduceLoadOptions& options);
    Client client;
    Producer producer;
    Slots slots;
    std::jthread thread;
  };
  void run(const std::stop_token& stopped, Worker& worker, std::size_t number);
  void send(Worker& worker, std::chrono::steady_clock::time_point due);

  const ProduceLoadOptions options_;
  Meter& meter_;
  const std::chrono::steady_clock::time_point start_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace sluice::app
