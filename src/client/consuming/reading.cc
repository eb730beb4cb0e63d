#include <algorithm>

#include <fmt/format.h>

#include "base/numbers.h"
#include "client/consuming/decode.h"
#include "client/consuming/member.h"
#include "client/consuming/tags.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/response_code.h"

/// Reading a queue: where it begins, one pull after the other, as fast as its messages are
/// consumed.
namespace sluice::client {

using namespace wire::remoting;

namespace {

constexpr std::int32_t kPullBytes = 256 << 10;
constexpr milliseconds kHold{15'000}, kPullTimeout{30'000};
constexpr milliseconds kFullPause{1'000}, kFailurePause{1'000};

}  // namespace

void Member::start_reading(const ShelfPtr& shelf) {
  const int reader =
      ++shelf->reader;  // whatever read before stops, and what it still gets is dropped
  shelf->ring();
  run_detached([](std::shared_ptr<Member> self, ShelfPtr s, int number) -> Task<void> {
    co_await self->read(std::move(s), number);
  }(shared_from_this(), shelf, reader));
}

ShelfPtr Member::replace(const ShelfPtr& old, std::int64_t next) {
  const auto fresh = std::make_shared<Shelf>(old->queue);
  fresh->next = next;
  fresh->paused = old->paused;
  fresh->has_lock = old->has_lock;
  fresh->locked = old->locked;
  fresh->before = old->busy ? old : old->before;
  old->dropped = old->forgotten = true;
  old->ring();
  shelves_[old->queue] = fresh;
  start_reading(fresh);
  return fresh;
}

bool Member::may_read(const Shelf& shelf) const {
  if (reading_suspended_ || shelf.paused) return false;
  if (!client::may_read(shelf.messages, settings_.limits)) return false;
  if (settings_.total.messages == 0 && settings_.total.bytes == 0) return true;
  std::size_t messages = 0, bytes = 0;
  for (const auto& [queue, other] : shelves_) {
    messages += other->messages.count();
    bytes += other->messages.bytes();
  }
  return (settings_.total.messages == 0 || messages < settings_.total.messages) &&
         (settings_.total.bytes == 0 || bytes < settings_.total.bytes);
}

Task<void> Member::read(ShelfPtr shelf, int reader) {
  const Inside inside(core_->tasks());
  Alarm alarm(core_->reactor());
  shelf->sleepers.push_back(&alarm);
  const auto ended = [&] { return shelf->dropped || stopping_ || shelf->reader != reader; };
  while (!ended()) {
    if (!may_read(*shelf)) {
      co_await alarm.wait(kFullPause);
      continue;
    }
    Result<void> done;
    if (shelf->next < 0) {
      auto first = co_await first_offset(shelf->queue);
      if (ended()) break;
      if (first) {
        shelf->next = *first;
        continue;
      }
      done = fail(std::move(first.error()));
    } else {
      done = co_await pull(shelf, reader);
    }
    if (done || ended()) continue;
    core_->log(LogLevel::warning,
               fmt::format("{} queue {} of {} was not read: {}", shelf->queue.topic,
                           shelf->queue.id, shelf->queue.broker, done.error().remark()));
    co_await alarm.wait(kFailurePause);
  }
  std::erase(shelf->sleepers, &alarm);
}

Task<Result<std::int64_t>> Member::first_offset(Queue queue) {
  if (settings_.listed) {
    SLUICE_CO_TRY(const std::int64_t stored, co_await offsets_.load(queue));
    if (stored >= 0) co_return stored;
  }
  if (settings_.start == StartAt::first || queue.topic == retry_topic()) co_return 0;
  if (settings_.start == StartAt::time) co_return co_await offset_at(queue, settings_.start_time);
  co_return co_await end_of(queue);
}

Task<Result<std::int64_t>> Member::end_of(Queue queue) {
  co_return co_await ask_offset(std::move(queue), GetMaxOffset::kCode, 0);
}
Task<Result<std::int64_t>> Member::begin_of(Queue queue) {
  co_return co_await ask_offset(std::move(queue), GetMinOffset::kCode, 0);
}
Task<Result<std::int64_t>> Member::offset_at(Queue queue,
                                             std::chrono::system_clock::time_point time) {
  const auto ms = std::chrono::floor<milliseconds>(time.time_since_epoch()).count();
  co_return co_await ask_offset(std::move(queue), SearchOffset::kCode, ms);
}

Task<Result<std::int64_t>> Member::ask_offset(Queue queue, int code, std::int64_t time_ms) {
  SLUICE_CO_TRY(const RoutePtr route, co_await core_->routes().get(queue.topic));
  const auto fill = [&](auto request) {
    request.topic = queue.topic;
    request.queue_id = queue.id;
    return request;
  };
  const std::string address = route->address_of(queue.broker);
  Result<Answer> answer = fail(Errc::internal, "not asked");
  if (code == GetMaxOffset::kCode) {
    answer = co_await core_->call(address, fill(GetMaxOffset{}));
  } else if (code == GetMinOffset::kCode) {
    answer = co_await core_->call(address, fill(GetMinOffset{}));
  } else {
    auto request = fill(SearchOffset{});
    request.timestamp = time_ms;
    answer = co_await core_->call(address, request);
  }
  SLUICE_CO_TRY(const Answer told, std::move(answer));
  SLUICE_CO_CHECK(client::check(told));
  OffsetResponse response;
  SLUICE_CO_CHECK(OffsetResponse::Wire::decode(told.command.ext, response));
  co_return response.offset;
}

Task<Result<void>> Member::pull(ShelfPtr shelf, int reader) {
  const Queue& queue = shelf->queue;
  SLUICE_CO_TRY(const RoutePtr route, co_await core_->routes().get(queue.topic));
  if (shelf->dropped || shelf->reader != reader) co_return Result<void>{};
  const auto interest = interests_.find(queue.topic);
  const Subscription subscription = interest == interests_.end()
                                        ? Subscription{.topic = queue.topic}
                                        : interest->second.subscription;
  PullMessage request;
  request.group = settings_.group;
  request.topic = queue.topic;
  request.queue_id = queue.id;
  request.queue_offset = shelf->next;
  request.max_messages = settings_.pull_batch;
  request.max_bytes = kPullBytes;
  request.sys_flag = kPullSuspend | kPullSubscription;
  request.suspend_ms = kHold.count();
  request.subscription = subscription.expression;
  request.expression_type = subscription.sql ? "SQL92" : "TAG";
  request.sub_version = interest == interests_.end() ? 0 : interest->second.version;
  request.broker_name = queue.broker;
  auto answer = co_await core_->call(route->address_of(queue.broker, shelf->broker_id), request, {},
                                     kPullTimeout);
  if (shelf->dropped || stopping_ || shelf->reader != reader) co_return Result<void>{};
  if (!answer) {
    shelf->broker_id = 0;
    static_cast<void>(co_await core_->routes().refresh(queue.topic));
    co_return fail(std::move(answer.error()));
  }
  shelf->read_last = Core::now();
  if (answer->command.code == kSuccess) {
    SLUICE_CO_CHECK(take_in(*shelf, std::move(*answer), subscription));
    arrived();
    co_return Result<void>{};
  }
  co_return co_await go_on(std::move(shelf), std::move(*answer));
}

Result<void> Member::take_in(Shelf& shelf, Answer answer, const Subscription& subscription) {
  SLUICE_TRY(const std::int64_t next, next_offset(answer));
  const auto suggested =
      parse_number<std::int64_t>(answer.command.ext.get("suggestWhichBrokerId")).value_or(0);
  SLUICE_TRY(Batch batch, decode_batch(std::move(answer), shelf.queue.broker, core_->names()));
  if (!subscription.sql && !takes_all(subscription.expression)) {
    // Brokers compare hashes of tags; the tags themselves are compared here.
    std::erase_if(batch, [&](const ReceivedMessage& m) {
      return !names_tag(subscription.expression, m.tag());
    });
  }
  shelf.messages.add(std::move(batch));
  shelf.next = next;
  shelf.broker_id = suggested;
  return {};
}

/// After an answer without messages.
Task<Result<void>> Member::go_on(ShelfPtr shelf, Answer answer) {
  const std::int32_t code = answer.command.code;
  const bool moved = code == kPullOffsetMoved;
  if (code != kPullNotFound && code != kPullRetryImmediately && !moved) {
    SLUICE_CO_CHECK(client::check(answer));
  }
  SLUICE_CO_TRY(const std::int64_t next, next_offset(answer));
  if (!moved || next == shelf->next) {
    shelf->next = next;
    co_return Result<void>{};
  }
  // Somebody reset the group, or the messages are gone: nothing of before counts any more.
  core_->log(LogLevel::info, fmt::format("{} queue {} goes on at offset {}: {}", shelf->queue.topic,
                                         shelf->queue.id, next, answer.command.remark));
  const ShelfPtr fresh = replace(shelf, next);
  if (settings_.commits) co_await commit(fresh);
  co_return Result<void>{};
}

Result<std::int64_t> Member::next_offset(const Answer& answer) {
  const auto next = parse_number<std::int64_t>(answer.command.ext.get("nextBeginOffset"));
  if (!next) return fail(Errc::malformed, "the answer to a pull names no nextBeginOffset");
  return *next;
}

}  // namespace sluice::client
