#include <fmt/format.h>

#include "client/consuming/popping.h"
#include "wire/remoting/pop_receipt.h"
#include "wire/remoting/requests/pop.h"

/// What becomes of leases: acknowledged, changed, renewed. One request about a lease at a time.
namespace sluice::client {

using namespace wire::remoting;

namespace {

constexpr milliseconds kAtOnce{1};

template <class Request>
void fill(Request& request, const LeaseState& lease, const std::string& group) {
  request.group = group;
  request.topic = lease.topic;
  request.queue_id = lease.queue;
  request.receipt = lease.receipt;
  request.offset = lease.offset;
}

}  // namespace

Task<Outcome<void>> Popping::acknowledge(Lease lease) {
  const auto self = shared_from_this();
  const LeasePtr state = state_of(lease);
  if (!state) co_return Failure{Errc::invalid_argument, "this lease is of no message"};
  state->settled = true;
  co_await state->changing;
  const Inside inside(state->changing);
  const auto route = co_await core_->routes().get(core_->names().wrap(state->message.topic));
  if (!route) co_return to_failure(route.error());
  AckMessage request;
  fill(request, *state, options_.group);
  const auto answer = co_await core_->call((*route)->address_of(state->broker), request);
  if (!answer) co_return to_failure(answer.error());
  if (auto told = client::check(*answer); !told) co_return to_failure(told.error());
  co_return Outcome<void>();
}

Task<Outcome<void>> Popping::change(Lease lease, milliseconds invisible) {
  const auto self = shared_from_this();
  const LeasePtr state = state_of(lease);
  if (!state) co_return Failure{Errc::invalid_argument, "this lease is of no message"};
  if (invisible.count() < 1) co_return Failure{Errc::invalid_argument, "the time must be positive"};
  const auto changed = co_await change_now(state, invisible);
  if (!changed) co_return to_failure(changed.error());
  co_return Outcome<void>();
}

Task<Result<void>> Popping::change_now(LeasePtr lease, milliseconds invisible) {
  co_await lease->changing;
  const Inside inside(lease->changing);
  SLUICE_CO_TRY(const RoutePtr route,
                co_await core_->routes().get(core_->names().wrap(lease->message.topic)));
  ChangeInvisibleTime request;
  fill(request, *lease, options_.group);
  request.invisible_ms = invisible.count();
  SLUICE_CO_TRY(const Answer answer,
                co_await core_->call(route->address_of(lease->broker), request));
  SLUICE_CO_CHECK(client::check(answer));
  ChangeInvisibleTimeResponse response;
  SLUICE_CO_CHECK(ChangeInvisibleTimeResponse::Wire::decode(answer.command.ext, response));
  const std::lock_guard lock(lease->mutex);
  lease->receipt = to_text({.start_offset = lease->offset,
                            .popped = from_unix_ms(response.pop_ms),
                            .invisible = milliseconds(response.invisible_ms),
                            .revive_queue = response.revive_queue,
                            .retry = lease->retry,
                            .broker = lease->broker,
                            .queue = QueueId(lease->queue),
                            .offset = QueueOffset(lease->offset)});
  lease->until = Core::now() + milliseconds(response.invisible_ms);
  co_return Result<void>{};
}

Task<void> Popping::keep_renewed() {
  const Inside inside(loops_);
  while (!stopping_) {
    const SteadyTime now = Core::now();
    while (!renewals_.empty() && renewals_.begin()->first <= now) {
      const auto due = renewals_.extract(renewals_.begin());
      const LeasePtr lease = due.mapped().first.lock();
      if (!lease || lease->settled) continue;
      run_detached([](std::shared_ptr<Popping> self, LeasePtr l, milliseconds time) -> Task<void> {
        co_await self->renew(std::move(l), time);
      }(shared_from_this(), lease, due.mapped().second));
    }
    const milliseconds sleep =
        renewals_.empty() ? milliseconds(60'000) : renewals_.begin()->first - Core::now();
    co_await renew_.wait(std::max(sleep, milliseconds(1)));
  }
}

Task<void> Popping::renew(LeasePtr lease, milliseconds time) {
  if (Core::now() - lease->taken > options_.max_renewal) co_return;
  const auto renewed = co_await change_now(lease, time);
  if (lease->settled || stopping_) co_return;
  if (renewed) {
    renewals_.emplace(Core::now() + time * 2 / 3, std::pair(std::weak_ptr(lease), time));
    renew_.ring();
    co_return;
  }
  core_->log(LogLevel::warning, fmt::format("the lease of message {} was not renewed: {}",
                                            lease->message.id(), renewed.error().remark()));
  if (Core::now() >= lease->until) co_return;
  renewals_.emplace(Core::now() + time / 10, std::pair(std::weak_ptr(lease), time));
  renew_.ring();
}

Task<void> Popping::give_back(LeasePtr lease) {
  const auto given = co_await change_now(std::move(lease), kAtOnce);
  static_cast<void>(given);  // else it comes again when its time is over
}

}  // namespace sluice::client

namespace sluice {

const ReceivedMessage& Lease::message() const { return state_->message; }
std::chrono::steady_clock::time_point Lease::until() const {
  const std::lock_guard lock(state_->mutex);
  return std::chrono::steady_clock::time_point(state_->until.time_since_epoch());
}
std::string Lease::receipt() const {
  const std::lock_guard lock(state_->mutex);
  return state_->receipt;
}

}  // namespace sluice
