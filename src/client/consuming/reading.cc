#include <algorithm>

#include <fmt/format.h>

#include "base/numbers.h"
#include "client/consuming/consumption.h"
#include "client/consuming/decode.h"
#include "wire/remoting/response_code.h"

/// Reading a queue: where it begins, one pull after the other, as fast as its messages are
/// consumed.
namespace sluice::client {

using namespace wire::remoting;

namespace {

constexpr std::int32_t kPullMessages = 32, kPullBytes = 256 << 10;
constexpr milliseconds kHold{15'000}, kPullTimeout{30'000};
constexpr milliseconds kFullPause{1'000}, kFailurePause{1'000};

}  // namespace

Task<void> Consumption::read(ShelfPtr shelf) {
  const Inside inside(core_->tasks());
  const FlowLimits limits{static_cast<std::size_t>(options_.max_cached_messages),
                          options_.max_cached_bytes, options_.orderly ? 0 : options_.max_span};
  while (!shelf->dropped && !stopping_) {
    if (suspended_ || !may_read(shelf->messages, limits)) {
      co_await shelf->alarm.wait(kFullPause);
      continue;
    }
    Result<bool> read = false;
    if (shelf->next < 0) {
      auto first = co_await first_offset(*shelf);
      if (first) {
        shelf->next = *first;
        continue;
      }
      read = fail(std::move(first.error()));
    } else {
      read = co_await pull(shelf);
    }
    if (read || shelf->dropped || stopping_) continue;
    core_->log(LogLevel::warning,
               fmt::format("{} queue {} of {} was not read: {}", shelf->queue.topic,
                           shelf->queue.id, shelf->queue.broker, read.error().remark()));
    co_await shelf->alarm.wait(kFailurePause);
  }
}

Task<Result<std::int64_t>> Consumption::first_offset(const Shelf& shelf) {
  const Queue queue = shelf.queue;
  SLUICE_CO_TRY(const std::int64_t stored, co_await offsets_.load(queue));
  if (stored >= 0) co_return stored;
  if (options_.start == StartAt::first || queue.topic == retry_topic()) co_return 0;
  SLUICE_CO_TRY(const RoutePtr route, co_await core_->routes().get(queue.topic));
  GetMaxOffset request;
  request.topic = queue.topic;
  request.queue_id = queue.id;
  SLUICE_CO_TRY(const Answer answer,
                co_await core_->call(route->address_of(queue.broker), request));
  SLUICE_CO_CHECK(client::check(answer));
  OffsetResponse response;
  SLUICE_CO_CHECK(OffsetResponse::Wire::decode(answer.command.ext, response));
  co_return response.offset;
}

Task<Result<bool>> Consumption::pull(ShelfPtr shelf) {
  const Queue& queue = shelf->queue;
  SLUICE_CO_TRY(const RoutePtr route, co_await core_->routes().get(queue.topic));
  const Subscription& subscription = subscriptions_.at(queue.topic);
  PullMessage request;
  request.group = options_.group;
  request.topic = queue.topic;
  request.queue_id = queue.id;
  request.queue_offset = shelf->next;
  request.max_messages = kPullMessages;
  request.max_bytes = kPullBytes;
  request.sys_flag = kPullSuspend | kPullSubscription;
  request.suspend_ms = kHold.count();
  request.subscription = subscription.expression;
  request.expression_type = subscription.sql ? "SQL92" : "TAG";
  request.sub_version = version_;
  request.broker_name = queue.broker;
  auto answer = co_await core_->call(route->address_of(queue.broker, shelf->broker_id), request, {},
                                     kPullTimeout);
  if (!answer) {
    shelf->broker_id = 0;
    static_cast<void>(co_await core_->routes().refresh(queue.topic));
    co_return fail(std::move(answer.error()));
  }
  if (shelf->dropped || stopping_) co_return true;
  auto taken = take_in(*shelf, std::move(*answer));
  if (taken) hand_out();
  co_return std::move(taken);
}

Result<bool> Consumption::take_in(Shelf& shelf, Answer answer) {
  const std::int32_t code = answer.command.code;
  const bool empty =
      code == kPullNotFound || code == kPullRetryImmediately || code == kPullOffsetMoved;
  if (!empty) SLUICE_CHECK(client::check(answer));
  const auto number = [&](std::string_view name) {
    return parse_number<std::int64_t>(answer.command.ext.get(name));
  };
  const auto next = number("nextBeginOffset");
  if (!next) return fail(Errc::malformed, "the answer to a pull names no nextBeginOffset");
  const std::int64_t suggested = number("suggestWhichBrokerId").value_or(0);
  if (!empty) {
    SLUICE_TRY(Batch batch, decode_batch(std::move(answer), shelf.queue.broker));
    const Subscription& subscription = subscriptions_.at(shelf.queue.topic);
    std::erase_if(batch, [&](const ReceivedMessage& m) { return !wanted(m, subscription); });
    shelf.messages.add(std::move(batch));
  }
  shelf.next = *next;
  shelf.broker_id = suggested;
  return true;
}

bool Consumption::wanted(const ReceivedMessage& message, const Subscription& subscription) const {
  // Brokers compare hashes of tags; the tags themselves are compared here.
  if (subscription.sql || subscription.expression == "*" || subscription.expression.empty())
    return true;
  std::string_view rest = subscription.expression;
  const std::string_view tag = message.tag();
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find("||"));
    rest.remove_prefix(std::min(one.size() + 2, rest.size()));
    const std::size_t first = one.find_first_not_of(' ');
    if (first == std::string_view::npos) continue;
    one = one.substr(first, one.find_last_not_of(' ') - first + 1);
    if (one == tag) return true;
  }
  return false;
}

}  // namespace sluice::client
