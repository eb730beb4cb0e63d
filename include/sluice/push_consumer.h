#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/deferred.hpp>
#include <sluice/client.h>
#include <sluice/completion.h>
#include <sluice/error.h>
#include <sluice/message.h>
#include <sluice/subscription.h>

/// Consuming by a listener, or as a stream whose messages are settled one by one.
///
///   sluice::PushConsumer consumer(client, {.group = "readers",
///                                          .subscriptions = {{.topic = "orders"}},
///                                          .listener = [](auto messages) {
///                                            for (const auto& m : messages) work(m);
///                                            return sluice::Verdict{};
///                                          }});
namespace sluice {

namespace client {
class Consumption;
struct Handed;
}  // namespace client

/// What becomes of messages that a listener was called with, or that a Delivery brought.
struct Verdict {
  bool done = true;  ///< false: they come again, to this or another member
  /// When they come again: 0 as the group's retry policy says, 1 to 18 that delay level, -1 never
  /// (they go to the dead letters). Not looked at when orderly.
  int delay_level = 0;
  /// Orderly: how long the queue rests before they come again; 0: the consumer's orderly_pause.
  std::chrono::milliseconds pause{0};
};

/// Called on the consumer's threads with 1 to max_batch messages of one queue. An exception counts
/// as "not done".
using Listener = std::function<Verdict(std::span<const ReceivedMessage>)>;

struct PushConsumerOptions {
  std::string group;
  std::vector<Subscription> subscriptions;
  Listener listener{};        ///< none: messages are taken with next()
  bool orderly = false;       ///< one batch of a queue at a time, in order, under the broker's lock
  bool broadcasting = false;  ///< every member gets every message; offsets are kept in a file
  StartAt start = StartAt::last;                       ///< where a group without offsets begins
  std::chrono::system_clock::time_point start_time{};  ///< of StartAt::time
  int threads = 4;    ///< that call the listener, 1 to 1,000; none are started without one
  int max_batch = 1;  ///< messages of one call, 1 to 1,024
  // Reading of a queue pauses beyond any of these; what a broker gives at once (`pull_batch`
  // messages, 256 KiB or one message) may come on top.
  int max_cached_messages = 1'000;            ///< of each queue, in hand or waiting
  std::size_t max_cached_bytes = 100u << 20;  ///< of each queue; bodies as they were sent
  int max_span = 2'000;        ///< between the first and last offset in hand (not when orderly)
  int max_total_messages = 0;  ///< of all queues together; 0: any
  std::size_t max_total_bytes = 0;  ///< of all queues together; 0: any
  int pull_batch = 32;  ///< messages asked for at once, 1 to 1,024; brokers may give less
  /// How often a message comes again before it is dead. -1: as the group is configured; orderly:
  /// without end.
  int max_attempts = -1;
  SharingOptions sharing{};
  std::chrono::milliseconds orderly_pause{1'000};        ///< before a failed batch comes again
  std::chrono::milliseconds commit_interval{5'000};      ///< offsets; also at the end
  std::chrono::milliseconds rebalance_interval{20'000};  ///< besides when members come or go
  std::chrono::milliseconds shutdown_timeout{10'000};    ///< see PushConsumer::close()
  /// Where broadcasting members keep offsets: in `DIRECTORY/CLIENT_ID/GROUP/offsets.json`, in the
  /// form of Java's clients. Empty: ~/.rocketmq_offsets, as theirs. A client without an `instance`
  /// uses `ADDRESS@DEFAULT` there, as a Java client would, so that the file is found again.
  std::string offset_directory{};
};

/// A message of a consumer without a listener. Settle it once; what is dropped unsettled comes
/// again, and so does what is settled after its consumer was closed. Any thread.
class Delivery {
 public:
  Delivery() = default;
  Delivery(Delivery&&) noexcept = default;
  Delivery& operator=(Delivery&&) noexcept;
  ~Delivery();

  const ReceivedMessage& message() const;
  const ReceivedMessage* operator->() const { return &message(); }
  void settle(Verdict verdict);
  void done() { settle({}); }

 private:
  friend class client::Consumption;
  explicit Delivery(std::shared_ptr<client::Handed> handed) : handed_(std::move(handed)) {}
  std::shared_ptr<client::Handed> handed_;
};

/// Gives a topic's messages to a listener, each at least once: a message that was not done comes
/// again, and after a crash so does what was not committed. Members of a group share the queues.
///
/// Begins at construction; brokers that are not there yet are waited for. Not to be closed from its
/// own listener. Thread-safe.
///
/// As a stream: leave the listener out and take messages with next(), from as many coroutines as
/// shall work at once. Nothing is read ahead beyond the max_… options, and of an orderly queue
/// nothing is given before the last Delivery of it is settled: slow workers slow the reading down.
///
///   while (auto delivery = co_await consumer.next()) {
///     work((*delivery)->body);
///     delivery->done();
///   }
class PushConsumer {
 public:
  /// Options that contradict each other show as Errc::invalid_argument in status(), and nothing
  /// is consumed.
  PushConsumer(Client& client, PushConsumerOptions options);
  /// close(), without its result.
  ~PushConsumer();
  PushConsumer(const PushConsumer&) = delete;
  PushConsumer& operator=(const PushConsumer&) = delete;

  Outcome<void> status() const;

  /// Takes no new message, lets running listeners finish, commits, gives the queues to the other
  /// members at once, and ends the threads. Listeners that are still running after
  /// shutdown_timeout, and messages that are not settled by then, are given up: their messages come
  /// again elsewhere, their threads are left to themselves and end with the listener, and the
  /// result is Errc::timed_out, which says how many there are. What such a listener uses must
  /// outlive it, so a program that gets this should end.
  Outcome<void> close();

  /// No new message reaches the listener until resume().
  void suspend();
  void resume();

  /// Wants a topic from now on, or with another expression: what is read after this returns
  /// follows it, what waits here already was read by the old one. Errors: invalid_argument.
  Outcome<void> subscribe(Subscription subscription);
  /// Gives the topic's queues up. Nothing happens when it was not subscribed.
  void unsubscribe(const std::string& topic);

  /// The queues this member has now.
  std::vector<Queue> queues() const;

  /// The next message, however long it takes; several calls may wait, the first gets the first.
  /// Completes with Outcome<Delivery>: Errc::closed when the consumer ends, invalid_argument when
  /// it has a listener.
  template <class Token = boost::asio::deferred_t>
  auto next(Token&& token = {}) {
    return initiate<Delivery>(std::forward<Token>(token),
                              [consumption = consumption_](Completion<Delivery> done) mutable {
                                begin_next(consumption, std::move(done));
                              });
  }
  /// Waits. Not on the client's own thread.
  Outcome<Delivery> next_blocking();

 private:
  static void begin_next(const std::shared_ptr<client::Consumption>& consumption,
                         Completion<Delivery> done);
  std::shared_ptr<client::Consumption> consumption_;
  Failure status_{};
  std::atomic<bool> closed_{false};
};

}  // namespace sluice
