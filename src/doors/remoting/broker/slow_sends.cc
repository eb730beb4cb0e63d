#include "doors/remoting/broker/slow_sends.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace sluice::doors {
namespace {

constexpr milliseconds kLinePause{1'000};

/// The flusher's and the wall's clock, which the first parts come from, may be read in any order.
milliseconds between(SteadyTime from, SteadyTime to) {
  return std::max(milliseconds(0), to - from);
}

}  // namespace

SendParts::SendParts(const SendTimes& times, SteadyTime written)
    : queue(between(times.arrived, times.begun)),
      append(between(times.begun, times.appended)),
      flush(between(times.appended, times.confirmed)),
      wake(between(std::max(times.appended, times.confirmed), times.answered)),
      write(between(times.answered, written)) {}

void SlowSends::count(const SendParts& parts, std::int64_t sends) {
  const auto add = [](std::atomic<std::int64_t>& counter, std::int64_t value) {
    counter.fetch_add(value, std::memory_order_relaxed);
  };
  add(traffic_.slow_sends, sends);
  add(traffic_.slow_queue_ms, parts.queue.count() * sends);
  add(traffic_.slow_append_ms, parts.append.count() * sends);
  add(traffic_.slow_flush_ms, parts.flush.count() * sends);
  add(traffic_.slow_wake_ms, parts.wake.count() * sends);
  add(traffic_.slow_write_ms, parts.write.count() * sends);
}

void SlowSends::written(Unwritten& answers, SteadyTime now, const net::Address& peer) {
  const std::int64_t sends = std::exchange(answers.sends, 0);
  if (sends == 0 || !is_slow(answers.times.arrived, now)) return;
  const SendParts parts(answers.times, now);
  count(parts, sends);
  if (now - last_line_ < kLinePause) {
    unsaid_ += sends;
    return;
  }
  last_line_ = now;
  log::warn("slow_send", {{"peer", peer.text()},
                          {"topic", answers.topic.empty() ? "-" : answers.topic},
                          {"sends", sends},
                          {"ms", parts.total().count()},
                          {"queue", parts.queue.count()},
                          {"append", parts.append.count()},
                          {"flush", parts.flush.count()},
                          {"wake", parts.wake.count()},
                          {"write", parts.write.count()},
                          {"others", std::exchange(unsaid_, 0)}});
}

}  // namespace sluice::doors
