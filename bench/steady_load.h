#pragma once

#include <atomic>
#include <chrono>
#include <cstring>
#include <vector>

#include "old_messages.h"
#include "wire/record/record.h"
#include "wire/remoting/requests/topics.h"

/// A steady load on the server, whatever its answers take: so many messages a second to one queue,
/// each timed from the write to its socket until it is answered, and until a consumer has it.
namespace sluice::bench {

using Ticks = std::chrono::steady_clock;
using Millis = std::chrono::duration<double, std::milli>;

/// Milliseconds, one per message.
struct Latencies {
  std::vector<double> send, end_to_end;
  std::vector<double> late;  ///< how late the sender itself woke up: the machine's part in the rest
};

/// Ascending values, and what part of them is below.
inline double at(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

class SteadyLoad {
 public:
  SteadyLoad(std::string topic, std::int64_t per_second, std::chrono::seconds time)
      : topic_(std::move(topic)),
        period_(std::chrono::nanoseconds(1'000'000'000 / per_second)),
        count_(static_cast<std::size_t>(per_second * time.count())),
        written_(count_) {
    remoting::PutTopic request;
    request.topic = topic_;
    request.read_queues = request.write_queues = 1;
    sending_.add(request);
    sending_.write();
    insist(sending_.answer().code == 0, "the topic cannot be made");
  }

  /// Ascending.
  Latencies run() {
    prctl(PR_SET_TIMERSLACK, 1);
    Latencies took;
    std::thread answers([&] { take_answers(took.send); });
    std::thread consumer([&] { consume(took.end_to_end); });
    send(took.late);
    answers.join();
    consumer.join();
    for (auto* one : {&took.send, &took.end_to_end, &took.late}) std::ranges::sort(*one);
    return took;
  }

 private:
  static double since(std::int64_t then) {
    const auto now = Ticks::now().time_since_epoch().count();
    return static_cast<double>(now - then) / 1e6;
  }

  void send(std::vector<double>& late) {
    std::string body(static_cast<std::size_t>(kBodyBytes), 'x');
    const auto start = Ticks::now();
    for (std::size_t i = 0; i < count_; ++i) {
      const auto due = start + static_cast<std::int64_t>(i) * period_;
      std::this_thread::sleep_until(due);
      const std::int64_t now = Ticks::now().time_since_epoch().count();
      late.push_back(since(due.time_since_epoch().count()));
      written_[i].store(now, std::memory_order_relaxed);
      std::memcpy(body.data(), &now, sizeof now);
      sending_.add(request_to_send(topic_, 0), as_bytes(body));
      sending_.write();
    }
  }

  void take_answers(std::vector<double>& took) {
    for (std::size_t i = 0; i < count_; ++i) {
      insist(sending_.answer().code == 0, "a refused send");
      took.push_back(since(written_[i].load(std::memory_order_relaxed)));
    }
  }

  void consume(std::vector<double>& took) {
    Connection connection;
    remoting::PullMessage request;
    request.group = "watch";
    request.topic = topic_;
    request.max_messages = 32;
    request.suspend_ms = 20'000;
    request.sys_flag = remoting::kPullSubscription | remoting::kPullSuspend;
    request.subscription = "*";
    while (took.size() < count_) {
      connection.add(request);
      connection.write();
      const remoting::Command& answer = connection.answer();
      for (Bytes rest = answer.body; !rest.empty();) {
        const auto scan = wire::record::scan(rest, wire::record::CrcCheck::skip);
        insist(scan.kind == wire::record::Scan::Kind::record, "not a record");
        std::int64_t then = 0;
        std::memcpy(&then, scan.record.message.body.data(), sizeof then);
        took.push_back(since(then));
        rest = rest.subspan(static_cast<std::size_t>(wire::record::peek_size(rest)));
      }
      request.queue_offset = parse_number<std::int64_t>(answer.ext.get("nextBeginOffset"))
                                 .value_or(request.queue_offset);
    }
  }

  const std::string topic_;
  const std::chrono::nanoseconds period_;
  const std::size_t count_;
  std::vector<std::atomic<std::int64_t>> written_;
  Connection sending_;  // one thread writes, another one reads
};

}  // namespace sluice::bench
