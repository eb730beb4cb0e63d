#include "client/consuming/popping.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/engine/together.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/relays.h"

/// Calls that wait for messages, and the brokers that may have some.
namespace sluice::client {

namespace {

constexpr milliseconds kFailurePause{1'000}, kRefresh{30'000};
constexpr milliseconds kInvisibleMin{10}, kInvisibleMax{std::chrono::hours(5 * 24)};
constexpr int kPopMax = 32;  // what brokers allow

Result<void> check_invisible(milliseconds time) {
  if (time >= kInvisibleMin && time <= kInvisibleMax) return {};
  return bad_option(fmt::format("invisible is {} ms; {} ms to {} ms are allowed", time.count(),
                                kInvisibleMin.count(), kInvisibleMax.count()));
}

}  // namespace

Popping::Popping(std::shared_ptr<Core> core, SimpleConsumerOptions options)
    : core_(std::move(core)),
      options_(std::move(options)),
      deadline_(core_->reactor(), [this] { end_calls(); }),
      renew_(core_->reactor()),
      refresh_(core_->reactor()) {
  const std::int64_t version = unix_ms(Core::wall_now());
  for (const Subscription& s : options_.subscriptions) interests_[s.topic] = {s, version};
}

Result<void> Popping::check(const SimpleConsumerOptions& options) {
  SLUICE_CHECK(check_group(options.group, options.subscriptions));
  if (options.subscriptions.empty()) return bad_option("a simple consumer needs a subscription");
  if (options.start == StartAt::time) return bad_option("a simple consumer cannot start at a time");
  return check_invisible(options.invisible);
}

Result<void> Popping::check(const Receive& receive) {
  if (receive.max_messages < 1 || receive.max_messages > kPopMax) {
    return bad_option(
        fmt::format("max_messages is {}; 1 to {} are allowed", receive.max_messages, kPopMax));
  }
  if (receive.wait.count() < 0) return bad_option("wait must not be negative");
  return receive.invisible.count() == 0 ? Result<void>{} : check_invisible(receive.invisible);
}

void Popping::begin() {
  core_->add(shared_from_this());
  if (options_.renew) {
    run_detached([](std::shared_ptr<Popping> self) -> Task<void> {
      co_await self->keep_renewed();
    }(shared_from_this()));
  }
  run_detached([](std::shared_ptr<Popping> self) -> Task<void> {
    co_await self->find_sources();
  }(shared_from_this()));
}

Introduction Popping::introduction() const {
  return {
      .group = options_.group, .way = Way::pop, .start = options_.start, .interests = interests_};
}

void Popping::describe(wire::remoting::HeartbeatBody& heartbeat) const {
  heartbeat.consumers.push_back(heartbeat_of(introduction()));
}

/// Who comes and goes is no matter to it; tools may ask what it wants.
bool Popping::serve(const std::string&, const Answer& request, const Remoting::Respond& respond) {
  using namespace wire::remoting;
  const Command& command = request.command;
  if (command.ext.get("consumerGroup") != options_.group) return false;
  if (command.code == NotifyConsumersChanged::kCode) return true;
  if (command.code != GetRunningInfo::kCode) return false;
  RunningInfo info;
  info.properties = {{"PROP_CLIENT_VERSION", "Sluice"}};
  tell(info, introduction());
  Buffer body;
  info.encode(body);
  if (respond) respond({.remark = {}, .body = std::string(as_text(body.bytes()))});
  return true;
}

/// Keeps the list of topics and brokers up to date.
Task<void> Popping::find_sources() {
  const Inside inside(loops_);
  while (!stopping_) {
    std::vector<SourcePtr> found;
    Failure failure;
    for (const auto& [topic, interest] : interests_) {
      const auto route = co_await core_->routes().get(topic);
      if (!route) {
        failure = to_failure(route.error());
        continue;
      }
      for (const Queue& queue : (*route)->readable) {
        if (!found.empty() && found.back()->topic == topic &&
            found.back()->broker == queue.broker) {
          continue;
        }
        const auto known = std::ranges::find_if(sources_, [&](const SourcePtr& s2) {
          return s2->topic == topic && s2->broker == queue.broker;
        });
        found.push_back(known != sources_.end() ? *known
                                                : std::make_shared<Source>(topic, queue.broker));
      }
    }
    sources_ = std::move(found);
    route_failure_ = std::move(failure);
    if (stopping_) break;
    refuse_without_topic();
    serve_calls();
    end_calls();
    co_await refresh_.wait(sources_.empty() || route_failure_.code ? kFailurePause : kRefresh);
  }
}

void Popping::receive(const Receive& receive, bool endless, Done done) {
  if (stopping_) return done(Failure{Errc::closed, "this consumer was closed"});
  const auto call = std::make_shared<Call>(Call{.receive = receive,
                                                .deadline = Core::now() + receive.wait,
                                                .endless = endless,
                                                .answered = {},
                                                .done = std::move(done)});
  if (call->receive.invisible.count() == 0) call->receive.invisible = options_.invisible;
  calls_.push_back(call);
  refuse_without_topic();
  serve_calls();
}

void Popping::refuse_without_topic() {
  if (!sources_.empty() || route_failure_.code != Errc::topic_not_found) return;
  for (const CallPtr& call : std::deque(calls_)) finish(call, route_failure_);
}

void Popping::serve_calls() {
  while (!calls_.empty()) {
    Leases leases = take(calls_.front()->receive.max_messages);
    if (leases.empty()) break;
    finish(calls_.front(), std::move(leases));
  }
  ask_brokers();
  watch_deadlines();
}

Popping::Leases Popping::take(int most) {
  Leases leases;
  while (!ready_.empty() && static_cast<int>(leases.size()) < most) {
    LeasePtr lease = std::move(ready_.front());
    ready_.pop_front();
    // One that has waited here too long comes again rather than that it runs out in use.
    if (lease->until - Core::now() < (lease->until - lease->taken) / 2) continue;
    leases.push_back(Lease(std::move(lease)));
  }
  return leases;
}

/// Ends calls whose time is over.
void Popping::end_calls() {
  const SteadyTime now = Core::now();
  for (const CallPtr& call : std::deque(calls_)) {
    const bool all_answered = std::ranges::all_of(
        sources_, [&](const SourcePtr& s) { return call->answered.contains(s.get()); });
    const bool once = !call->endless && call->receive.wait.count() == 0;
    if (now < over_at(*call) && !(once && all_answered && !sources_.empty())) continue;
    if (sources_.empty() && route_failure_.code) {
      finish(call, route_failure_);
    } else {
      finish(call, Leases());
    }
  }
  watch_deadlines();
}

void Popping::finish(const CallPtr& call, Outcome<Leases> outcome) {
  const auto done = std::ranges::find(calls_, call);
  if (done == calls_.end()) return;
  const CallPtr own = std::move(*done);  // `call` may be the very one that goes now
  calls_.erase(done);
  own->done(std::move(outcome));
}

SteadyTime Popping::over_at(const Call& call) const {
  if (call.endless) return SteadyTime::max();
  // One that does not wait for messages still waits for the brokers' answers.
  const bool once = call.receive.wait.count() == 0;
  return once ? call.deadline + core_->options().request_timeout : call.deadline;
}

void Popping::watch_deadlines() {
  SteadyTime next = SteadyTime::max();
  for (const CallPtr& call : calls_) next = std::min(next, over_at(*call));
  if (next == SteadyTime::max()) return deadline_.cancel();
  deadline_.arm(std::max(next - Core::now(), milliseconds(1)));
}

Task<void> Popping::stop() {
  const auto self = shared_from_this();
  if (stopping_) {
    co_await stops_;
    co_return;
  }
  const Inside inside(stops_);
  stopping_ = true;
  renew_.ring();
  refresh_.ring();
  deadline_.cancel();
  for (const CallPtr& call : std::exchange(calls_, {})) {
    call->done(Failure{Errc::closed, "this consumer was closed"});
  }
  co_await loops_;
  std::vector<Task<void>> returns;
  for (LeasePtr& lease : std::exchange(ready_, {})) returns.push_back(give_back(std::move(lease)));
  co_await together(std::move(returns));
  core_->remove(*this);
  co_await core_->unregister({}, options_.group);
}

}  // namespace sluice::client
