#include "broker/sending.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/numbers.h"
#include "broker/broker.h"
#include "broker/retrying.h"
#include "store/torn_tail.h"
#include "wire/record/properties.h"

namespace sluice::broker {
namespace {

using namespace wire::record;

/// What a dead letter's DELAY says: none, whatever the last retry asked for.
constexpr std::string_view kNoDelay = "-1";

Result<void> check_size(Bytes body, const BrokerOptions& options) {
  if (std::cmp_less_equal(body.size(), options.max_message_bytes)) return {};
  return fail(Errc::message_too_large,
              fmt::format("the body has {} bytes, {} are allowed (maxMessageSize)", body.size(),
                          options.max_message_bytes));
}

/// A start after a power cut could not tell such a record from one that has lost a piece.
Result<void> check_zeros(std::string_view properties) {
  if (!store::may_seem_torn(properties)) return {};
  return fail(
      Errc::message_illegal,
      fmt::format("the properties end with a zero byte, or have {} in a row: leave them out",
                  store::kPieceBytes));
}

}  // namespace

/// What one walk over a message's properties finds.
struct SendBatch::Found {
  std::string_view tags, bad_level;
  std::int64_t delay = 0;
  TimerAsk ask;
  bool was_timed = false;       ///< its time has come already: it is somebody's retry
  std::optional<WallTime> due;  ///< it is timed, and waits until then
  bool transaction = false, unique_key = false, broker_added = false, wait = true;
  bool light = false, light_offsets = false, key = false;

  explicit Found(std::string_view properties) {
    for (PropertyCursor pair(properties); pair.next();) look(pair.name(), pair.value());
  }

  Result<void> check(const SendQuery& query, bool dead) const {
    if (!bad_level.empty() && !dead) {
      return fail(Errc::malformed,
                  fmt::format("the property {} is '{}': a delay level is a whole number",
                              property::kDelay, bad_level));
    }
    const std::int32_t bits = query.sys_flag & kTransactionRollback;
    if (half(query, dead) ? delay > 0 || timed() : bits != 0 && !transaction) {
      return fail(Errc::unsupported,
                  "a transaction (TRAN_MSG) cannot be delayed (DELAY, TIMER_*), and a sysFlag that "
                  "speaks of one needs it: leave one of the two out");
    }
    return {};
  }
  /// Whether its properties ask for a time. A delay level counts before them.
  bool timed() const { return ask.any() && delay <= 0 && !was_timed; }
  bool waits() const { return delay > 0 || due; }
  /// Whether it is the first step of a transaction. A message that comes again was committed
  /// before.
  bool half(const SendQuery& query, bool dead) const {
    return transaction && !(query.reconsume_times > 0 && (delay > 0 || dead));
  }

 private:
  void look(std::string_view name, std::string_view value) {
    if (name == property::kTags) {
      tags = value;
    } else if (name == property::kUniqueKey) {
      unique_key = true;
    } else if (name == property::kCluster) {
      broker_added = true;
    } else if (name == property::kTransaction) {
      transaction = value == "true";
    } else if (name == property::kWait) {
      wait = value != "false";
    } else if (name == property::kDelay) {
      const auto level = parse_number<std::int32_t>(value);
      delay = level.value_or(0);
      bad_level = level ? std::string_view() : value;
    } else if (name == property::kKeys) {
      key = value.find_first_not_of(' ') != value.npos;
    } else if (name == property::kDispatch) {
      light = true;
    } else if (name == property::kDispatchOffsets) {
      light_offsets = true;
    } else if (name == property::kTimerDelaySec) {
      ask.delay_sec = value;
    } else if (name == property::kTimerDelayMs) {
      ask.delay_ms = value;
    } else if (name == property::kTimerDeliverMs) {
      ask.deliver_ms = value;
    } else if (name == property::kTimerOutMs) {
      was_timed = true;
    }
  }
};

SendBatch::SendBatch(Broker& broker) : broker_(broker) {}

Result<SendBatch::Ticket> SendBatch::add(const SendQuery& query, WallTime now) {
  const BatchItem item{query.flag, query.properties, query.body};
  SLUICE_TRY(const Ticket ticket, add_all(query, std::span(&item, 1), now));
  const milliseconds window = broker_.duplicates_window(*topic_);
  if (window <= milliseconds(0)) return ticket;
  return unless_known(ticket, query, window, now);
}

Result<SendBatch::Ticket> SendBatch::add(const SendQuery& query, std::span<const BatchItem> items,
                                         WallTime now) {
  if (items.empty()) return fail(Errc::message_illegal, "a batch without messages");
  if (query.topic.starts_with(kRetryPrefix)) {
    return fail(Errc::message_illegal,
                fmt::format("a batch cannot go to the retry topic {}: send its messages one by one",
                            query.topic));
  }
  SLUICE_CHECK(check_size(query.body, broker_.options()));
  const Found header(query.properties);
  SLUICE_CHECK(header.check(query, false));
  if (header.timed()) {
    return fail(
        Errc::unsupported,
        "a batch as a whole cannot be delivered at a time (TIMER_*): its messages can, each "
        "by its own properties");
  }
  SLUICE_TRY(Ticket ticket, add_all(query, items, now));
  if (topic_->traits().batches_are_one) {
    ticket.batch_id = find_property(query.properties, property::kUniqueKey);
  }
  store::Queue* const halves = &broker_.transactions().half_queue();
  if (std::ranges::find(pending_.begin() + static_cast<std::ptrdiff_t>(ticket.first),
                        pending_.end(), halves, &store::Pending::queue) == pending_.end()) {
    return ticket;
  }
  cut(ticket.first);
  return fail(Errc::unsupported,
              "a batch has a message with TRAN_MSG: send transactional messages one by one");
}

Result<SendBatch::Ticket> SendBatch::add_all(const SendQuery& query,
                                             std::span<const BatchItem> items, WallTime now) {
  SLUICE_TRY(const Target to, target(query, now));
  Ticket ticket{.first = pending_.size(), .count = items.size(), .queue = to.id};
  for (const BatchItem& item : items) {
    auto taken = take(to, query, item, now);
    if (!taken) {
      cut(ticket.first);
      broker_.traffic().put_failed.fetch_add(1, std::memory_order_relaxed);
      return fail(std::move(taken.error()));
    }
    ticket.wait |= *taken;
  }
  return ticket;
}

void SendBatch::cut(std::size_t size) {
  for (std::size_t i = size; i < pending_.size(); ++i) {
    bytes_ -= static_cast<std::size_t>(pending_[i].size);
  }
  pending_.resize(size);
}

Result<bool> SendBatch::take(const Target& to, const SendQuery& query, const BatchItem& item,
                             WallTime now) {
  SLUICE_CHECK(check_size(item.body, broker_.options()));
  SLUICE_CHECK(check_zeros(item.properties));
  Found found(item.properties);
  // A dead letter is not tried again, so there is nothing to wait for.
  if (to.dead) found.delay = 0;
  const bool dead = to.dead || to.topic->name().starts_with(kDeadPrefix);
  SLUICE_CHECK(found.check(query, dead));
  if (found.timed() && !dead) {
    SLUICE_TRY(found.due, due_time(found.ask, now, broker_.options().timers));
  }
  if (broker_.options().check_message_types) {
    SLUICE_CHECK(check_type(*to.topic, item.properties));
  }
  if (to.topic->traits().compacts && !found.key) {
    return fail(Errc::message_illegal,
                fmt::format("Required message key is missing: topic {} keeps the newest message of "
                            "each key (KEYS)",
                            to.topic->name()));
  }
  const bool half = found.half(query, dead);
  store::Pending pending{.queue = to.found.index, .tags_code = tags_code(found.tags)};
  Message& message = pending.message;
  message.topic = to.topic->name();
  message.queue = to.id;
  message.flag = item.flag;
  message.sys_flag = query.sys_flag & ~kTransactionRollback;
  message.born_ms = query.born_ms;
  message.born_host = query.born_host;
  message.reconsume_times = query.reconsume_times;
  message.body = item.body;
  message.properties = completed(query, item.properties, to, found, now);
  if (!found.broker_added) message.extra_properties = broker_.extra_properties();
  if (found.delay > 0) wait(pending, found.delay, now);
  if (found.due) wait_until(pending, *found.due);
  if (half) SLUICE_CHECK(hold(pending, now));
  if (found.light) SLUICE_CHECK(go_to_light_queues(pending));
  SLUICE_TRY(pending.size, encoded_size(message, broker_.options().store_host));
  pending.crc = body_crc(item.body);
  bytes_ += static_cast<std::size_t>(pending.size);
  pending_.push_back(pending);
  if (found.waits() || half) return found.wait;
  list(*to.found.queue);
  if (!found.light) return found.wait;
  for (; spread_listed_ < spread_.queues.size(); ++spread_listed_) {
    list(*spread_.queues[spread_listed_]);
  }
  return found.wait;
}

std::string_view SendBatch::completed(const SendQuery& query, std::string_view properties,
                                      const Target& to, const Found& found, WallTime now) {
  if (found.unique_key && !to.dead && !found.waits() && !found.light_offsets) return properties;
  auto text = std::make_unique<std::string>(properties);
  // Where a message lies is said by the broker.
  if (found.light_offsets) remove_property(*text, property::kDispatchOffsets);
  if (!found.unique_key) {
    append_property(*text, property::kUniqueKey, broker_.unique_ids().next(now));
  }
  if (to.dead) {
    set_property(*text, property::kDelay, kNoDelay);
    mark_dead(*text, query.reconsume_times);
  } else if (found.delay > 0) {
    const int level = broker_.schedule().levels().clamp(found.delay);
    set_property(*text, property::kDelay, std::to_string(level));
  } else if (found.due) {
    set_property(*text, property::kTimerOutMs, std::to_string(unix_ms(*found.due) - 1));
    if (found.ask.relative()) {
      set_property(*text, property::kTimerEnqueueMs, std::to_string(unix_ms(now)));
    }
  }
  if (!to.dead && found.waits()) {
    set_property(*text, property::kRealTopic, to.topic->name());
    set_property(*text, property::kRealQueue, std::to_string(to.id.value));
  }
  texts_.push_back(std::move(text));
  return *texts_.back();
}

Result<LogPosition> SendBatch::append() {
  const auto accepts = broker_.store().accepts();
  auto until = !accepts ? fail(accepts.error().code(), std::string(accepts.error().remark()))
               : pending_.empty() ? Result<LogPosition>(LogPosition(0))
                                  : broker_.store().append(pending_);
  settle(until.has_value());
  if (until) {
    for (const store::Pending& one : repeats_) *until = std::max(*until, one.position + one.size);
  }
  Traffic& traffic = broker_.traffic();
  const auto count = static_cast<std::int64_t>(pending_.size());
  if (until) {
    note_delayed();
    note_timed();
    note_halves();
    traffic.put_messages.fetch_add(count, std::memory_order_relaxed);
    traffic.put_bytes.fetch_add(static_cast<std::int64_t>(bytes_), std::memory_order_relaxed);
  } else {
    traffic.put_failed.fetch_add(count, std::memory_order_relaxed);
  }
  return until;
}

void SendBatch::clear() {
  settle(false);
  pending_.clear();
  repeats_.clear();
  for (const TopicQueue* queue : queues_) listed_[place_of(*queue)] = nullptr;
  queues_.clear();
  spread_listed_ = 0;
  topic_ = nullptr;
  retry_topics_.clear();
  texts_.clear();
  spread_.clear();
  bytes_ = 0;
  delayed_since_.reset();
  halves_since_.reset();
  timed_ = false;
}

void SendBatch::let_topics_go() {
  topic_ = nullptr;
  known_topics_.let_go();
}

}  // namespace sluice::broker
