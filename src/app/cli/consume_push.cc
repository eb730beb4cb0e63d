#include <condition_variable>
#include <future>
#include <mutex>

#include <sluice/push_consumer.h>

#include "app/cli/consumed.h"

namespace sluice::app {
namespace {

/// The listener's one thread writes, the program's own waits.
class Output {
 public:
  explicit Output(const ConsumePlan& plan) : consumed_(plan) {}

  /// Suspends the consumer behind the last message that is wanted, before it gets another.
  Verdict take(std::span<const ReceivedMessage> messages, PushConsumer& consumer) {
    const std::scoped_lock lock(mutex_);
    // What came before the consumer was suspended comes again, soon and to whoever is there then.
    if (!written_ || consumed_.full()) return {.done = false, .delay_level = 1};
    written_ = consumed_.write(messages);
    if (consumed_.full() || !written_) consumer.suspend();
    changed_.notify_all();
    return {.done = written_.has_value()};
  }

  Result<void> wait(StopSignals& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.arrived() && !consumed_.full() && written_ && !consumed_.idle()) {
      changed_.wait_for(lock, kLook);
    }
    return written_ ? Result<void>() : fail(written_.error().code(), "standard output is closed");
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Consumed consumed_;
  Result<void> written_;
};

PushConsumerOptions options_of(const ConsumePlan& plan) {
  using Kind = StartPosition::Kind;
  const Kind from = plan.from.kind;
  return {.group = plan.options.group,
          .subscriptions = {subscription_of(plan.options)},
          .orderly = plan.way == ConsumeWay::lock_queues,
          .broadcasting = plan.way == ConsumeWay::read_all_apart,
          .start = from == Kind::first  ? StartAt::first
                   : from == Kind::time ? StartAt::time
                                        : StartAt::last,
          .start_time = std::chrono::system_clock::time_point(
              milliseconds(from == Kind::time ? plan.from.value : 0)),
          .threads = 1};
}

}  // namespace

Result<void> consume_by_push(const ConsumePlan& plan, StopSignals& stop) {
  if (plan.options.group.empty()) {
    return fail(Errc::invalid_argument, "--model push is a member of a group: name it with -g");
  }
  if (plan.from.kind == StartPosition::Kind::offset) {
    return fail(Errc::invalid_argument,
                "--model push begins at --from first, last, or a time; --model pull at an offset");
  }
  ReachOptions reach = plan.options.reach;
  // The same instance from run to run: members in broadcast mode keep their offsets under it.
  if (plan.way == ConsumeWay::read_all_apart) reach.instance = "sluice-consume";
  Output output(plan);
  Client client(client_options(reach));
  {  // is the topic there?
    PullConsumer asking(client, {});
    SLUICE_CHECK(result_of(asking.status()));
    if (auto queues = asking.queues_of(plan.options.topic); !queues) {
      return fail(error_of(queues.error()));
    }
  }
  // The listener may be called before the constructor has returned.
  std::promise<PushConsumer*> made;
  const std::shared_future<PushConsumer*> self = made.get_future().share();
  PushConsumerOptions options = options_of(plan);
  options.listener = [&](auto messages) { return output.take(messages, *self.get()); };
  PushConsumer consumer(client, std::move(options));
  made.set_value(&consumer);
  SLUICE_CHECK(result_of(consumer.status()));
  return output.wait(stop);
}

}  // namespace sluice::app
