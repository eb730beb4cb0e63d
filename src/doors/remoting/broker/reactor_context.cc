#include "doors/remoting/broker/reactor_context.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"
#include "doors/remoting/broker/session.h"
#include "wire/remoting/requests/send.h"

namespace sluice::doors {
namespace {

constexpr std::size_t kReactorsMax = 64;  // one bit each in TopicQueue::watchers

std::uint64_t bit_of(int reactor) { return std::uint64_t{1} << static_cast<unsigned>(reactor); }

/// The tag without which a message cannot be meant for the pull, if there is one.
delivery::TagCode only_tag(const broker::PullPlan& plan) {
  const auto* const subscription = plan.subscription.get();
  const bool one = subscription && !subscription->filter && subscription->codes.size() == 1;
  return one ? subscription->codes.front() : delivery::kAnyTag;
}

}  // namespace

ReactorContext::ReactorContext(BrokerDoor& door, net::Reactor& reactor)
    : sends(door.broker()),
      sends_ahead(sends.known_topics()),
      pops(door.broker()),
      slow(door.options().slow_request, door.broker().traffic()),
      door_(door),
      reactor_(reactor),
      bit_(bit_of(reactor.index())),
      waits_(door.clock().steady()),
      timer_(reactor, [this] { on_timer(); }) {
  SLUICE_ASSERT(reactor.index() < static_cast<int>(kReactorsMax));
}

ReactorContext::~ReactorContext() = default;

bool ReactorContext::park(ParkedPull& pull) {
  broker::TopicQueue& queue = *pull.plan.queue;
  pull.queue = queue.key();
  pull.offset = pull.plan.offset;
  pull.tag = only_tag(pull.plan);
  // The mark first, then the look: whoever appends publishes first, then looks for marks.
  queue.watchers.fetch_or(bit_, std::memory_order_seq_cst);
  if (queue.index->max() > pull.offset) {
    unmark(queue);
    return false;
  }
  waits_.park(pull);
  arm();
  return true;
}

void ReactorContext::forget(Parked& parked) {
  static_cast<delivery::QueueHook&>(parked).unlink();
  static_cast<delivery::TimeHook&>(parked).unlink();
  parked.unmark();
}

void ReactorContext::unmark(broker::TopicQueue& queue) {
  if (waits_.any(queue.key())) return;
  queue.watchers.fetch_and(~bit_, std::memory_order_seq_cst);
}

void ReactorContext::announce(std::span<broker::TopicQueue* const> queues) {
  arrivals_.resize(door_.reactors());
  for (broker::TopicQueue* const queue : queues) {
    const std::uint64_t marks = queue->watchers.load(std::memory_order_seq_cst) |
                                queue->topic->watchers().load(std::memory_order_seq_cst);
    if (marks == 0) continue;
    const Arrival arrival{queue->key(), queue->index->max(), queue->topic};
    for (std::size_t r = 0; r < arrivals_.size(); ++r) {
      if (marks >> r & 1) arrivals_[r].push_back(arrival);
    }
  }
  for (std::size_t r = 0; r < arrivals_.size(); ++r) {
    if (arrivals_[r].empty()) continue;
    if (r == static_cast<std::size_t>(reactor_.index())) {
      // Answering may announce again.
      std::vector<Arrival> own = std::exchange(arrivals_[r], std::exchange(spare_arrivals_, {}));
      on_arrivals(own);
      own.clear();
      spare_arrivals_ = std::move(own);
    } else {
      std::vector<Arrival> arrivals = std::exchange(arrivals_[r], {});
      ReactorContext& other = door_.context(r);
      other.reactor_.post([&other, list = std::move(arrivals)] { other.on_arrivals(list); });
    }
  }
}

void ReactorContext::on_arrivals(std::span<const Arrival> arrivals) {
  delivery::WaitList released;
  for (const Arrival& arrival : arrivals) {
    look_at_tags(arrival);
    waits_.on_arrival(arrival.queue, arrival.end, tags_, released);
    finish(released, false);
    offer(arrival.topic);
  }
}

void ReactorContext::look_at_tags(const Arrival& arrival) {
  constexpr std::size_t kAtOnce = 64;
  constexpr std::int64_t kMost = 4'096;  // of more, those behind count as of any tag
  tags_.clear();
  const delivery::Wait* const one = waits_.tagged(arrival.queue);
  if (!one) return;
  const store::Queue& index = *static_cast<const ParkedPull*>(one)->plan.queue->index;
  const QueueOffset from = waits_.unseen(arrival.queue);
  const QueueOffset end = std::min(arrival.end, from + kMost);
  std::array<store::IndexEntry, kAtOnce> entries;
  for (QueueOffset at = from; at < end;) {
    const auto room = std::min(kAtOnce, static_cast<std::size_t>(end - at));
    const auto count = index.read(at, std::span(entries).first(room));
    if (!count || *count == 0) return;  // the pulls themselves will say why
    for (std::size_t i = 0; i < *count; ++i) tags_.push_back(entries[i].tags_code);
    at += static_cast<std::int64_t>(*count);
  }
}

void ReactorContext::finish(delivery::WaitList& released, bool expired) {
  while (!released.empty()) {
    auto& parked = static_cast<Parked&>(released.front());
    released.pop_front();
    parked.unmark();
    if (expired) {
      parked.expire();
    } else {
      auto& pull = static_cast<ParkedPull&>(parked);  // arrivals at a queue release pulls only
      pull.session.resume(pull, false);
    }
  }
}

void ReactorContext::on_timer() {
  const SteadyTime now = door_.clock().steady();
  delivery::WaitList released;
  waits_.expire(now, released);
  finish(released, true);
  expire_leases();
  expire_answers(now);
  rebalance_members(now);
  arm();
}

void ReactorContext::arm() {
  std::optional<SteadyTime> next = waits_.next_expiry();
  if (!late_answers_.empty()) {
    const SteadyTime answer = late_answers_.front().deadline;
    next = next ? std::min(*next, answer) : answer;
  }
  if (!rebalances_.empty()) {
    const SteadyTime rebalance = rebalances_.front().time;
    next = next ? std::min(*next, rebalance) : rebalance;
  }
  if (const auto lease = next_lease_end()) next = next ? std::min(*next, *lease) : *lease;
  if (!next || closed_) return timer_.cancel();
  timer_.arm(std::max(milliseconds(1), *next - door_.clock().steady()));
}

void ReactorContext::close() {
  closed_ = true;
  timer_.cancel();
  late_answers_.clear();
  late_arrivals_.clear();
  rebalances_.clear();
  held_.clear();
  senders_.clear();
  sends.clear();
  popping_.clear();
}

}  // namespace sluice::doors
