#include "broker/transactions.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace sluice::broker {

using wire::record::kTransactionCommit;

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kRoundMax = 256;        // half messages looked at in one round
constexpr std::int64_t kRetryPauseMs = 1000;  // after an append or a read that failed

}  // namespace

Transactions::Transactions(store::MessageStore& store, Topics& topics, TransactionOptions options,
                           wire::record::Host store_host)
    : store_(store),
      topics_(topics),
      options_(options),
      store_host_(store_host),
      halves_(store.queue(kHalfTopic, QueueId(0))),
      marks_(store.queue(kMarkTopic, QueueId(0))),
      expected_ms_(kNever),
      known_(halves_->max().value) {}

void Transactions::stored(QueueOffset half, LogPosition position, WallTime now,
                          std::optional<milliseconds> patience) {
  bool sooner = false;
  {
    const std::scoped_lock lock(mutex_);
    put(half.value, {.position = position,
                     .stored_ms = unix_ms(now),
                     .due_ms = unix_ms(now + patience.value_or(options_.timeout))});
    sooner = due_.begin()->first < expected_ms_;
    ahead_.insert(half.value);
    for (; !ahead_.empty() && *ahead_.begin() == known_; ++known_) ahead_.erase(ahead_.begin());
  }
  if (sooner && on_sooner_) on_sooner_();
}

/// A half message is looked at before the log drops it, whatever else it waits for.
std::int64_t Transactions::limit_due(const Half& half, std::int64_t due_ms) const {
  return std::min(due_ms, half.stored_ms + (options_.keep - options_.keep / 10).count());
}

void Transactions::put(std::int64_t offset, Half half) {
  half.due_ms = limit_due(half, half.due_ms);
  due_.emplace(half.due_ms, offset);
  open_.emplace(offset, half);
}

void Transactions::set_due(std::int64_t offset, Half& half, std::int64_t due_ms) {
  due_.erase({half.due_ms, offset});
  half.due_ms = due_ms;
  due_.emplace(due_ms, offset);
}

std::optional<WallTime> Transactions::next_due() {
  const std::scoped_lock lock(mutex_);
  expected_ms_ = due_.empty() ? kNever : due_.begin()->first;
  if (due_.empty()) return std::nullopt;
  return from_unix_ms(expected_ms_);
}

std::optional<std::int32_t> Transactions::checks_of(QueueOffset half) const {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(half.value);
  return found == open_.end() ? std::nullopt : std::optional(found->second.checks);
}

std::size_t Transactions::open() const {
  const std::scoped_lock lock(mutex_);
  return open_.size();
}

std::optional<Transactions::Half> Transactions::claim(QueueOffset half, LogPosition position) {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(half.value);
  const bool there =
      found != open_.end() && found->second.position == position && !found->second.ending;
  if (!there) return std::nullopt;
  found->second.ending = true;
  return found->second;
}

void Transactions::unclaim(std::int64_t offset, WallTime now) {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(offset);
  if (found == open_.end()) return;
  found->second.ending = false;
  set_due(offset, found->second, std::max(found->second.due_ms, unix_ms(now) + kRetryPauseMs));
}

void Transactions::close(std::int64_t offset) {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(offset);
  if (found == open_.end()) return;
  due_.erase({found->second.due_ms, offset});
  open_.erase(found);
}

Result<Transactions::Ended> Transactions::end(const EndQuery& query, WallTime now) {
  SLUICE_TRY(const HalfMessage half, read_half(store_, query.position));
  if (half.group != query.group) {
    return fail(Errc::not_found, fmt::format("the half message at {} is of another producer group "
                                             "than {}",
                                             query.position.value, query.group));
  }
  if (half.record.placement.offset != query.half) {
    return fail(Errc::not_found, fmt::format("the half message at {} has the offset {}, not {}",
                                             query.position.value,
                                             half.record.placement.offset.value, query.half.value));
  }
  const bool commit = query.decision == Decision::commit;
  const milliseconds age = now - from_unix_ms(half.record.placement.store_ms);
  if (commit && !query.from_check && half.patience && age > *half.patience) {
    return Ended{.late = true, .until = {}, .topics = {}, .queues = {}};
  }
  if (!claim(query.half, query.position)) {
    return fail(Errc::not_found,
                fmt::format("the transaction of half message {} is over: it was ended before, or "
                            "given up",
                            query.half.value));
  }
  const auto done = [&]() -> Result<Ended> {
    Target to;
    if (commit) {
      SLUICE_TRY(to, target(half, now));
    }
    Spread also;
    SLUICE_TRY(const LogPosition until,
               append_end(half, commit ? &to : nullptr, kTransactionCommit, also, now));
    Ended ended{.until = until, .topics = std::move(also.topics), .queues = std::move(also.queues)};
    if (!to.queue) return ended;
    ended.topics.push_back(std::move(to.topic));
    ended.queues.push_back(to.queue);
    return ended;
  };
  auto ended = done();
  if (ended) {
    close(query.half.value);
  } else {
    unclaim(query.half.value, now);
  }
  return ended;
}

milliseconds check_pause(const TransactionOptions& options, std::int32_t checks) {
  constexpr milliseconds kLongest = std::chrono::hours(1);
  milliseconds pause = std::max(options.check_interval, milliseconds(1));
  if (options.check_growth <= 100) return pause;
  for (; checks > 0 && pause < kLongest; --checks) {
    pause = std::min(pause * options.check_growth / 100, kLongest);
  }
  return pause;
}

std::vector<std::int64_t> Transactions::take_due(Round& round, WallTime now) {
  std::vector<std::int64_t> offsets;
  const std::scoped_lock lock(mutex_);
  while (!due_.empty() && due_.begin()->first <= unix_ms(now)) {
    if (offsets.size() == kRoundMax) {
      round.more = true;
      break;
    }
    const std::int64_t offset = due_.begin()->second;
    Half& half = open_.at(offset);
    set_due(offset, half, unix_ms(now + check_pause(options_, half.checks)));
    if (!half.ending) offsets.push_back(offset);
  }
  return offsets;
}

Result<Transactions::Round> Transactions::check(WallTime now) {
  Round round;
  for (const std::int64_t offset : take_due(round, now)) {
    SLUICE_CHECK(look_at(offset, round, now));
  }
  return round;
}

Result<void> Transactions::look_at(std::int64_t offset, Round& round, WallTime now) {
  LogPosition position;
  bool last = false;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = open_.find(offset);
    if (found == open_.end() || found->second.ending) return {};
    Half& half = found->second;
    position = half.position;
    last = half.checks >= options_.checks_max || limit_due(half, kNever) <= unix_ms(now);
    if (last) {
      half.ending = true;
    } else {
      ++half.checks;
      set_due(offset, half, limit_due(half, half.due_ms));
    }
  }
  auto half = read_half(store_, position);
  if (half && !last) {
    round.asked.push_back(std::move(*half));
    return {};
  }
  if (!half && half.error().code() == Errc::not_found && position < store_.min_position()) {
    ++round.lost;
    close(offset);
    return {};
  }
  auto done = half ? give_up(*half, round, now) : Result<void>(fail(std::move(half.error())));
  if (done) {
    close(offset);
    return {};
  }
  unclaim(offset, now);
  return done;
}

Result<void> Transactions::give_up(const HalfMessage& half, Round& round, WallTime now) {
  SLUICE_TRY(const Target to, undecided(now));
  Spread also;
  SLUICE_TRY(round.until, append_end(half, &to, 0, also, now));
  ++round.given_up;
  if (round.queues.empty()) {
    round.queues.push_back(to.queue);
    round.topics.push_back(to.topic);
  }
  return {};
}

std::int64_t Transactions::first_open() const {
  return open_.empty() ? known_ : std::min(open_.begin()->first, known_);
}

Transactions::Progress Transactions::progress() {
  const LogPosition flushed = store_.flushed();
  const std::scoped_lock lock(mutex_);
  const std::int64_t first = first_open();
  // What is over was marked below the log's end of now.
  if (unflushed_.empty() ? first != durable_.half.value : first != unflushed_.back().half) {
    unflushed_.push_back({first, store_.end()});
  }
  while (!unflushed_.empty() && unflushed_.front().until <= flushed) {
    durable_.half = QueueOffset(unflushed_.front().half);
    unflushed_.pop_front();
  }
  const std::int64_t marks = marks_->max().value;
  if (mark_steps_.empty() ? marks != durable_.mark.value : marks != mark_steps_.back().mark) {
    mark_steps_.push_back({ahead_.empty() ? known_ : *ahead_.rbegin() + 1, marks});
  }
  while (!mark_steps_.empty() && mark_steps_.front().halves_end <= durable_.half.value) {
    durable_.mark = QueueOffset(mark_steps_.front().mark);
    mark_steps_.pop_front();
  }
  return durable_;
}

Transactions::Checks Transactions::checks() const {
  Checks checks;
  const std::scoped_lock lock(mutex_);
  for (const auto& [offset, half] : open_) {
    if (half.checks > 0) checks.emplace(offset, half.checks);
  }
  return checks;
}

}  // namespace sluice::broker
