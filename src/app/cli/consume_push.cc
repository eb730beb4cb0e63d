#include <condition_variable>
#include <future>
#include <mutex>

#include <sluice/push_consumer.h>

#include "app/cli/consume.h"
#include "base/os/system_clock.h"
#include "wire/record/properties.h"

namespace sluice::app {
namespace {

std::int64_t ms_of(std::chrono::system_clock::time_point time) {
  return std::chrono::floor<milliseconds>(time).time_since_epoch().count();
}

client::Received received(const ReceivedMessage& message) {
  client::Received out{.queue = {.topic = std::string(message.topic),
                                 .broker_name = std::string(message.broker),
                                 .queue_id = message.queue_id},
                       .offset = message.offset,
                       .body = std::string(message.body),
                       .still_compressed = message.still_packed,
                       .properties = {},
                       .message_id = std::string(message.id()),
                       .lies_at = message.offset_id,
                       .born_host = {},
                       .born_ms = ms_of(message.born),
                       .store_ms = ms_of(message.stored),
                       .reconsume_times = message.attempt,
                       .sys_flag = message.sys_flag};
  for (wire::record::PropertyCursor c(message.properties); c.next();) {
    out.properties.emplace_back(c.name(), c.value());
  }
  return out;
}

/// What the listener has written, and whether that is enough. The listener's one thread writes,
/// the program's own waits.
class Output {
 public:
  Output(const ConsumeOptions& options, const MessageFormat& format)
      : format_(format), count_(options.count), idle_(options.idle_seconds) {}

  /// Suspends the consumer behind the last message that is wanted, before it gets another.
  Verdict take(std::span<const ReceivedMessage> messages, PushConsumer& consumer) {
    const std::scoped_lock lock(mutex_);
    // What came before the consumer was suspended comes again, soon and to whoever is there then.
    if (!written_ || full()) return {.done = false, .delay_level = 1};
    for (const ReceivedMessage& message : messages) {
      written_ = write_messages({received(message)}, format_);
    }
    if (written_) taken_ += static_cast<std::int64_t>(messages.size());
    if (full() || !written_) consumer.suspend();
    changed_.notify_all();
    return {.done = written_.has_value()};
  }

  Result<void> wait(StopSignals& stop) {
    const SystemClock clock;
    std::unique_lock lock(mutex_);
    SteadyTime quiet_since = clock.steady();
    for (std::int64_t seen = 0; !stop.arrived() && !full() && written_;) {
      changed_.wait_for(lock, kLook);
      if (std::exchange(seen, taken_) != taken_) quiet_since = clock.steady();
      const auto quiet = clock.steady() - quiet_since;
      if (idle_ > 0 && quiet >= std::chrono::seconds(idle_)) break;
    }
    return written_ ? Result<void>() : fail(written_.error().code(), "standard output is closed");
  }

 private:
  bool full() const { return count_ > 0 && taken_ >= count_; }

  const MessageFormat& format_;
  const std::int64_t count_, idle_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t taken_ = 0;
  Result<void> written_;
};

}  // namespace

Result<void> consume_by_push(const ConsumeOptions& options, const MessageFormat& format,
                             ConsumeWay way, StopSignals& stop) {
  if (options.group.empty()) {
    return fail(Errc::invalid_argument, "--model push is a member of a group: name it with -g");
  }
  if (options.from != "first" && options.from != "last") {
    return fail(Errc::invalid_argument, "--model push begins at --from first or --from last");
  }
  Output output(options, format);
  // The same instance from run to run: members in broadcast mode keep their offsets under it.
  Client client({.name_servers = options.connect.name_servers,
                 .instance = way == ConsumeWay::read_all_apart ? "sluice-consume" : "",
                 .request_timeout = milliseconds(options.connect.timeout_ms)});
  // The listener may be called before the constructor has returned.
  std::promise<PushConsumer*> made;
  const std::shared_future<PushConsumer*> self = made.get_future().share();
  PushConsumer consumer(
      client, {.group = options.group,
               .subscriptions = {{.topic = options.topic, .expression = options.tags}},
               .listener = [&](auto messages) { return output.take(messages, *self.get()); },
               .orderly = way == ConsumeWay::lock_queues,
               .broadcasting = way == ConsumeWay::read_all_apart,
               .start = options.from == "first" ? StartAt::first : StartAt::last,
               .threads = 1});
  made.set_value(&consumer);
  if (const auto status = consumer.status(); !status) {
    return fail(Errc::invalid_argument, status.error().remark);
  }
  return output.wait(stop);
}

}  // namespace sluice::app
