#include <algorithm>

#include <fmt/format.h>

#include "client/consuming/popping.h"
#include "client/consuming/tags.h"
#include "wire/remoting/requests/pop.h"
#include "wire/remoting/response_code.h"

/// Pops at all brokers of the topics, while somebody waits for messages.
namespace sluice::client {

using namespace wire::remoting;

namespace {

constexpr milliseconds kHoldMax{15'000}, kAnswerMargin{10'000};
constexpr milliseconds kHoldMin{100};  ///< brokers answer a parked pop up to 50 ms early
constexpr milliseconds kFailurePause{1'000}, kEmptyPause{20};
constexpr int kPopsAtOnce = 16;                  // at one source
constexpr std::int32_t kFirst = 0, kNewest = 1;  // initMode

bool is_away(Errc code) {
  return code == Errc::closed || code == Errc::timed_out || code == Errc::busy ||
         code == Errc::not_found;
}

}  // namespace

void Popping::ask_brokers() {
  const SteadyTime now = Core::now();
  for (const SourcePtr& source : sources_) {
    // As many pops as calls wait; the first call says how.
    const int wanted = std::min(static_cast<int>(calls_.size()), kPopsAtOnce);
    for (int i = source->popping; i < wanted; ++i) {
      const CallPtr call = calls_[static_cast<std::size_t>(i)];
      const bool in_time = call->endless || call->deadline - now >= kHoldMin;
      const bool once = !call->answered.contains(source.get());
      if (stopping_ || source->not_before > now || !(in_time || once)) break;
      ++source->popping;
      run_detached([](std::shared_ptr<Popping> self, SourcePtr s, CallPtr c) -> Task<void> {
        co_await self->pop(std::move(s), std::move(c));
      }(shared_from_this(), source, call));
    }
  }
}

Task<void> Popping::pop(SourcePtr source, CallPtr call) {
  const Inside inside(core_->tasks());
  const Subscription& subscription = interests_.at(source->topic).subscription;
  const milliseconds hold =
      call->endless ? kHoldMax
                    : std::clamp(call->deadline - Core::now(), milliseconds(0), kHoldMax);
  PopMessage request;
  request.group = options_.group;
  request.topic = source->topic;
  request.max_messages = call->receive.max_messages;
  request.invisible_ms = call->receive.invisible.count();
  request.poll_ms = hold.count();
  request.born_ms = unix_ms(Core::wall_now());
  request.init_mode = options_.start == StartAt::first ? kFirst : kNewest;
  request.expression_type = subscription.sql ? "SQL92" : "TAG";
  request.expression = subscription.expression;
  request.ordered = options_.fifo;
  const auto route = core_->routes().known(source->topic);
  const std::string address = route ? route->address_of(source->broker) : std::string();
  Result<Answer> answer =
      fail(Errc::closed, fmt::format("no address of {} is known", source->broker));
  const SteadyTime asked = Core::now();
  if (!address.empty()) {
    answer = co_await core_->call(address, request, {}, hold + kAnswerMargin);
  }
  --source->popping;
  call->answered.insert(source.get());
  bool unreachable = false;
  const auto taken = take_in(*source, std::move(answer), unreachable);
  if (!taken && unreachable) {
    source->not_before = Core::now() + kFailurePause;
    core_->log(LogLevel::warning, fmt::format("{} at {} was not read: {}", source->topic,
                                              source->broker, taken.error().remark()));
    if (!stopping_) static_cast<void>(co_await core_->routes().refresh(source->topic));
  } else if (!taken && !calls_.empty()) {
    finish(calls_.front(), to_failure(taken.error()));
  } else if (taken && !*taken && Core::now() - asked < hold / 2) {
    source->not_before = Core::now() + kEmptyPause;  // it does not hold: ask it less often
  }
  if (stopping_) {
    for (const LeasePtr& lease : std::exchange(ready_, {})) co_await give_back(lease);
    co_return;
  }
  serve_calls();
  end_calls();
  if (source->not_before > Core::now()) {
    co_await core_->sleep(source->not_before - Core::now());
    if (!stopping_) serve_calls();
  }
}

Result<bool> Popping::take_in(const Source& source, Result<Answer> answer, bool& unreachable) {
  if (!answer) {
    unreachable = is_away(answer.error().code());
    return fail(std::move(answer.error()));
  }
  const std::int32_t code = answer->command.code;
  if (code == kPollingTimeout || code == kPullNotFound || code == kNoMessage) return false;
  unreachable = code == kPollingFull;
  if (auto told = client::check(*answer); !told) {
    unreachable = unreachable || is_away(told.error().code());
    return fail(std::move(told.error()));
  }
  SLUICE_TRY(auto leases, leases_of(std::move(*answer),
                                    {.group = options_.group,
                                     .topic = source.topic,
                                     .broker = source.broker,
                                     .names = core_->names()},
                                    Core::now()));
  const Subscription& subscription = interests_.at(source.topic).subscription;
  for (LeasePtr& lease : leases) {
    const bool wanted = subscription.sql || takes_all(subscription.expression) ||
                        names_tag(subscription.expression, lease->message.tag());
    if (wanted) {
      if (options_.renew) {
        const milliseconds time = lease->until - lease->taken;
        renewals_.emplace(lease->taken + time * 2 / 3, std::pair(std::weak_ptr(lease), time));
        renew_.ring();
      }
      ready_.push_back(std::move(lease));
      continue;
    }
    // A tag with the hash of one that is wanted: nobody in the group wants it.
    run_detached([](std::shared_ptr<Popping> self, Lease unwanted) -> Task<void> {
      static_cast<void>(co_await self->acknowledge(std::move(unwanted)));
    }(shared_from_this(), Lease(std::move(lease))));
  }
  return true;
}

}  // namespace sluice::client
