#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/deferred.hpp>
#include <sluice/client.h>
#include <sluice/completion.h>
#include <sluice/message.h>
#include <sluice/subscription.h>

/// Consuming at the program's own pace, with offsets in its own hands.
///
///   sluice::PullConsumer consumer(client, {.group = "g", .subscriptions = {{.topic = "orders"}}});
///   while (auto messages = consumer.poll(std::chrono::seconds(5))) {
///     for (const auto& m : *messages) work(m);
///   }
namespace sluice {

namespace client {
class Polling;
}

/// Queues that came to this member or left it.
struct QueuesChanged {
  std::vector<Queue> gained, lost;
};

/// How far a group is in a queue: everything before the offset is done.
struct Progress {
  Queue queue;
  std::int64_t offset = 0;
};

/// A place in a queue: an offset; its first or its next message; or the first message that was
/// stored at that time or later.
enum class End : std::uint8_t { first, next };
using Place = std::variant<std::int64_t, End, std::chrono::system_clock::time_point>;

struct PullConsumerOptions {
  /// Empty, without subscriptions: reads for itself, as a tool does. No broker lists it or keeps
  /// offsets for it.
  std::string group;
  /// These topics' queues, shared with the other members. Or none, and assign() says which queues.
  std::vector<Subscription> subscriptions{};
  /// With assign(): what is wanted of these topics' messages; of others everything.
  std::vector<Subscription> filters{};
  StartAt start = StartAt::last;                       ///< where a group without offsets begins
  std::chrono::system_clock::time_point start_time{};  ///< of StartAt::time
  bool broadcasting = false;  ///< every member reads all queues; offsets are kept in a file
  int max_poll = 32;          ///< messages of one poll at most
  // Messages are read ahead of the polls until one of these is reached.
  int max_cached_messages = 1'000;            ///< of each queue
  std::size_t max_cached_bytes = 100u << 20;  ///< of each queue; bodies as they were sent
  int max_total_messages = 10'000;            ///< of all queues together; 0: any
  std::size_t max_total_bytes = 0;            ///< of all queues together; 0: any
  int pull_batch = 32;                        ///< messages asked for at once, 1 to 1,024
  /// Commits, every commit_interval and when a queue is lost, what earlier polls gave; the messages
  /// of the last poll count as done when the next one begins. Off: only commit() does.
  bool auto_commit = true;
  std::chrono::milliseconds commit_interval{5'000};
  SharingOptions sharing{};
  std::chrono::milliseconds rebalance_interval{20'000};  ///< besides when members come or go
  /// Called on the client's thread, before anything of a gained queue is given, and before a lost
  /// one is given up: async_commit() from here still reaches the broker before the next owner asks.
  std::function<void(const QueuesChanged&)> on_change{};
  std::string offset_directory{};  ///< see PushConsumerOptions
};

/// Reads queues ahead and gives their messages when asked. Begins at construction; brokers that are
/// not there yet are waited for. Thread-safe, but one poll or next() at a time: a second one fails
/// with Errc::in_use. Operations with async_ complete as completion.h says; their twins wait and
/// must not run on the client's own thread.
class PullConsumer {
 public:
  using Messages = std::vector<ReceivedMessage>;

  /// Options that contradict each other show as Errc::invalid_argument in status(), and nothing is
  /// read.
  PullConsumer(Client& client, PullConsumerOptions options);
  /// close()
  ~PullConsumer();
  PullConsumer(const PullConsumer&) = delete;
  PullConsumer& operator=(const PullConsumer&) = delete;

  Outcome<void> status() const;
  /// Commits what is done when auto_commit is on, and gives the queues up. The messages of the last
  /// poll are not done, but by a commit() before.
  void close();

  /// 1 to max_poll messages of one queue or several, each queue's in order; none after `wait`.
  /// Errors: closed, in_use, invalid_argument.
  template <class Token>
  auto async_poll(std::chrono::milliseconds wait, Token&& token) {
    return initiate<Messages>(std::forward<Token>(token),
                              [self = polling_, wait](Completion<Messages> done) {
                                begin_poll(self, wait, std::move(done));
                              });
  }
  Outcome<Messages> poll(std::chrono::milliseconds wait);

  /// The next message, however long it takes; the one before it is done then. Reading ahead stops
  /// at the max_… options until messages are taken: a slow loop slows the reading down.
  ///
  ///   while (auto message = co_await consumer.next()) work(message->body);
  template <class Token = boost::asio::deferred_t>
  auto next(Token&& token = {}) {
    return initiate<ReceivedMessage>(
        std::forward<Token>(token),
        [self = polling_](Completion<ReceivedMessage> done) { begin_next(self, std::move(done)); });
  }

  /// Everything that polls have given is done; completes when the brokers have it, or with the
  /// first failure.
  template <class Token>
  auto async_commit(Token&& token) {
    return async_commit(std::vector<Progress>(), std::forward<Token>(token));
  }
  /// These offsets, as they are, also backwards.
  template <class Token>
  auto async_commit(std::vector<Progress> offsets, Token&& token) {
    return initiate<void>(
        std::forward<Token>(token),
        [self = polling_, offsets = std::move(offsets)](Completion<void> done) mutable {
          begin_commit(self, std::move(offsets), std::move(done));
        });
  }
  Outcome<void> commit(std::vector<Progress> offsets = {});

  /// The next poll gives the queue's messages from that place on. Errors: not_found (not a queue of
  /// this member), offset_not_found (beyond its ends, which the remark names).
  template <class Token>
  auto async_seek(Queue queue, Place place, Token&& token) {
    return initiate<void>(std::forward<Token>(token), [self = polling_, queue = std::move(queue),
                                                       place](Completion<void> done) {
      begin_seek(self, queue, place, std::move(done));
    });
  }
  Outcome<void> seek(const Queue& queue, Place place);

  /// Polls give nothing of these queues, and nothing more of them is read, until resume().
  /// Forgotten for queues that are lost.
  void pause(std::vector<Queue> queues);
  void resume(std::vector<Queue> queues);

  /// Exactly these queues, whoever else reads them; for a consumer without subscriptions.
  /// Errors: invalid_argument (it has subscriptions).
  Outcome<void> assign(std::vector<Queue> queues);
  /// Wants a topic from now on, or with another expression. Errors: invalid_argument (queues were
  /// assigned).
  Outcome<void> subscribe(Subscription subscription);
  void unsubscribe(const std::string& topic);

  /// The queues this member has now.
  std::vector<Queue> queues() const;
  /// All readable queues of a topic. Waits.
  Outcome<std::vector<Queue>> queues_of(const std::string& topic);
  /// The offset of the next message that a poll would give. Waits. Errors: not_found.
  Outcome<std::int64_t> position(const Queue& queue);
  /// What the group has committed; -1: nothing. Waits.
  Outcome<std::int64_t> committed(const Queue& queue);

 private:
  using Self = std::shared_ptr<client::Polling>;
  static void begin_poll(const Self& self, std::chrono::milliseconds wait,
                         Completion<Messages> done);
  static void begin_next(const Self& self, Completion<ReceivedMessage> done);
  static void begin_commit(const Self& self, std::vector<Progress> offsets, Completion<void> done);
  static void begin_seek(const Self& self, const Queue& queue, Place place, Completion<void> done);
  void set_paused(std::vector<Queue> queues, bool on);
  Self polling_;
  Failure status_{};
  std::atomic<bool> closed_{false};
};

}  // namespace sluice
