#include "client/consuming/polling.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/engine/together.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

namespace {

/// In whose name a consumer without a group reads: every broker has this one.
constexpr const char* kToolsGroup = "TOOLS_CONSUMER";

bool assigns(const PullConsumerOptions& options) { return options.subscriptions.empty(); }

MemberSettings settings_of(const PullConsumerOptions& options) {
  const bool listed = !options.group.empty() || !assigns(options);
  const auto positive = [](int number) { return static_cast<std::size_t>(std::max(number, 0)); };
  return {.group = listed ? options.group : kToolsGroup,
          .subscriptions = assigns(options) ? options.filters : options.subscriptions,
          .pushes = false,
          .assigned = assigns(options),
          .listed = listed,
          .broadcasting = options.broadcasting,
          .start = options.start,
          .start_time = options.start_time,
          .limits = {positive(options.max_cached_messages), options.max_cached_bytes, 0},
          .total = {positive(options.max_total_messages), options.max_total_bytes, 0},
          .pull_batch = options.pull_batch,
          .sharing = options.sharing,
          .commits = options.auto_commit && listed,
          .commit_interval = options.commit_interval,
          .rebalance_interval = options.rebalance_interval,
          .shutdown_timeout = milliseconds(0),
          .offset_directory = options.offset_directory};
}

Failure not_ours(const Queue& queue) {
  return {Errc::not_found, fmt::format("{} queue {} of {} is not among this member's queues",
                                       queue.topic, queue.id, queue.broker)};
}

}  // namespace

Polling::Polling(std::shared_ptr<Core> core, PullConsumerOptions options)
    : Member(std::move(core), settings_of(options)),
      options_(std::move(options)),
      deadline_(this->core().reactor(), [this] { finish(Batch()); }) {}

Result<void> Polling::check(const PullConsumerOptions& options) {
  SLUICE_CHECK(settings_of(options).check());
  if (options.broadcasting && options.group.empty()) {
    return bad_option("broadcasting offsets are kept under a group's name: it needs one");
  }
  if (options.max_poll < 1) return fail(Errc::invalid_argument, "max_poll must be at least 1");
  return {};
}

void Polling::poll(std::size_t most, SteadyTime deadline, Done done) {
  if (stopping()) return done(Failure{Errc::closed, "this consumer was closed"});
  if (poll_) {
    return done(Failure{Errc::in_use,
                        "another poll is under way: one at a time, or what the one "
                        "gave would count as done when the other begins"});
  }
  settle_given();
  poll_.emplace(most, deadline, std::move(done));
  arrived();
  if (!poll_) return;
  if (deadline <= Core::now()) return finish(Batch());
  if (deadline != SteadyTime::max()) deadline_.arm(deadline - Core::now());
}

void Polling::settle_given() {
  for (const Given& given : std::exchange(given_, {})) {
    given.shelf->messages.done(given.batch);
    given.shelf->ring();
  }
}

void Polling::arrived() {
  if (!poll_) return;
  Batch batch = collect(poll_->most);
  if (!batch.empty()) finish(std::move(batch));
}

/// From the queues in turn.
Batch Polling::collect(std::size_t most) {
  Batch batch;
  const auto& all = shelf_map();
  auto at = all.upper_bound(served_last_);
  for (std::size_t i = 0; i < all.size() && batch.size() < most; ++i, ++at) {
    if (at == all.end()) at = all.begin();
    if (!may_give(*at->second)) continue;
    served_last_ = at->first;
    at->second->consumed_last = Core::now();
    Batch part = at->second->messages.take(most - batch.size());
    batch.insert(batch.end(), part.begin(), part.end());
    given_.push_back({at->second, std::move(part)});
  }
  return batch;
}

void Polling::finish(Outcome<Batch> outcome) {
  if (!poll_) return;
  deadline_.cancel();
  auto done = std::move(poll_->done);
  poll_.reset();
  done(std::move(outcome));
}

void Polling::changed(const std::vector<Queue>& gained, const std::vector<Queue>& lost) {
  if (options_.on_change) options_.on_change({gained, lost});
}

Task<Outcome<void>> Polling::commit_given() {
  const auto self = shared_from_this();
  settle_given();
  std::vector<Progress> offsets;
  for (const auto& [queue, shelf] : shelf_map()) {
    const std::int64_t offset =
        shelf->messages.count() > 0 ? shelf->messages.committable() : shelf->next;
    if (offset >= 0) offsets.push_back({queue, offset});
  }
  co_return co_await commit_these(std::move(offsets));
}

Task<Outcome<void>> Polling::commit_these(std::vector<Progress> offsets) {
  const auto self = shared_from_this();
  if (!settings_.listed) {
    co_return Failure{Errc::invalid_argument, "this consumer has no group to commit for"};
  }
  Outcome<void> first;
  std::vector<Task<void>> commits;
  commits.reserve(offsets.size());
  for (Progress& to : offsets) commits.push_back(commit_one(std::move(to), first));
  co_await together(std::move(commits));
  if (auto kept = flush_offsets(); !kept && first) first = to_failure(kept.error());
  co_return first;
}

Task<void> Polling::commit_one(Progress to, Outcome<void>& first) {
  const auto stored = co_await store(to.queue, to.offset);
  if (!stored && first) first = to_failure(stored.error());
  const ShelfPtr shelf = find(to.queue);
  if (stored && shelf) shelf->committed = to.offset;
}

Task<Outcome<void>> Polling::seek(Queue queue, Place place) {
  const auto self = shared_from_this();
  if (!find(queue)) co_return not_ours(queue);
  const auto begin = co_await begin_of(queue);
  const auto end = co_await end_of(queue);
  if (!begin) co_return to_failure(begin.error());
  if (!end) co_return to_failure(end.error());
  std::int64_t to = 0;
  if (const auto* offset = std::get_if<std::int64_t>(&place)) {
    to = *offset;
  } else if (const auto* which = std::get_if<End>(&place)) {
    to = *which == End::first ? *begin : *end;
  } else {
    const auto found = co_await offset_at(queue, std::get<2>(place));
    if (!found) co_return to_failure(found.error());
    to = *found;
  }
  if (to < *begin || to > *end) {
    co_return Failure{Errc::offset_not_found,
                      fmt::format("offset {} is not between {} and {}", to, *begin, *end)};
  }
  const ShelfPtr shelf = find(queue);
  if (!shelf) co_return not_ours(queue);
  std::erase_if(given_, [&](const Given& given) { return given.shelf == shelf; });
  replace(shelf, to);
  co_return Outcome<void>();
}

void Polling::pause(const std::vector<Queue>& queues, bool on) {
  for (const Queue& queue : queues) {
    const ShelfPtr shelf = find(queue);
    if (!shelf) continue;
    shelf->paused = on;
    shelf->ring();
  }
  arrived();
}

Task<Outcome<std::int64_t>> Polling::position(Queue queue) {
  const auto self = shared_from_this();
  for (;;) {
    const ShelfPtr shelf = find(queue);
    if (!shelf) co_return not_ours(queue);
    const std::int64_t waiting = shelf->messages.first_waiting();
    if (waiting >= 0 || shelf->next >= 0) co_return waiting >= 0 ? waiting : shelf->next;
    if (stopping()) co_return Failure{Errc::closed, "this consumer was closed"};
    co_await core().sleep(milliseconds(5));  // the broker is being asked where it begins
  }
}

Task<Outcome<std::int64_t>> Polling::committed(Queue queue) {
  const auto self = shared_from_this();
  const auto offset = co_await stored(queue);
  if (!offset) co_return to_failure(offset.error());
  co_return *offset;
}

void Polling::consume_directly(ReceivedMessage, Tell tell) {
  tell({.code = wire::remoting::kSystemError,
        .remark = "this consumer has no listener: it takes messages itself",
        .body = {}});
}

Task<void> Polling::wind_down() {
  finish(Failure{Errc::closed, "this consumer was closed"});
  co_return;
}

}  // namespace sluice::client
