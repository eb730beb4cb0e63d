#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <sluice/client.h>
#include <sluice/error.h>
#include <sluice/message.h>

/// Consuming by a listener.
namespace sluice {

namespace client {
class Consumption;
}

/// What becomes of the messages that a listener was called with.
struct Verdict {
  bool done = true;  ///< false: they come again, to this or another member
  /// When they come again: 0 as the group's retry policy says, 1 to 18 that delay level, -1 never
  /// (they go to the dead letters). Not looked at by orderly listeners.
  int delay_level = 0;
};

/// Called on the consumer's threads with 1 to max_batch messages of one queue. An exception counts
/// as "not done".
using Listener = std::function<Verdict(std::span<const ReceivedMessage>)>;

struct Subscription {
  std::string topic;
  std::string expression = "*";  ///< `*`, or tags: `a || b`; or SQL
  bool sql = false;              ///< the expression is SQL92
};

enum class StartAt : std::uint8_t { last, first };

/// How the members of a group share a topic's queues. All members must use the same.
enum class Sharing : std::uint8_t {
  average,          ///< neighbours, as even as can be (the default of every client)
  circle,           ///< in turn
  consistent_hash,  ///< few queues move when members come and go
  machine_room,     ///< average, of the queues on brokers named `room@…` with a room of `rooms`
  manual,           ///< those of `manual_queues`
};

struct PushConsumerOptions {
  std::string group;
  std::vector<Subscription> subscriptions;
  Listener listener;
  bool orderly = false;       ///< one batch of a queue at a time, in order, under the broker's lock
  bool broadcasting = false;  ///< every member gets every message; offsets are kept in a file
  StartAt start = StartAt::last;  ///< where a group without offsets begins
  int threads = 4;                ///< that call the listener
  int max_batch = 1;
  int max_cached_messages = 1'000;            ///< of each queue; beyond it reading pauses
  std::size_t max_cached_bytes = 100u << 20;  ///< of each queue
  int max_span = 2'000;   ///< between the first and last offset in hand (not when orderly)
  int max_attempts = -1;  ///< then a message is dead; -1: as the group is configured
  Sharing sharing = Sharing::average;
  std::vector<std::string> rooms{};
  std::vector<Queue> manual_queues{};
  std::chrono::milliseconds orderly_pause{1'000};        ///< before a failed batch comes again
  std::chrono::milliseconds commit_interval{5'000};      ///< offsets; also at the end
  std::chrono::milliseconds rebalance_interval{20'000};  ///< besides when members come or go
  std::chrono::milliseconds shutdown_timeout{10'000};    ///< for listeners that are still running
  /// Where broadcasting members keep offsets; empty: ~/.rocketmq_offsets, as Java's clients do. The
  /// client's `instance` must stay the same from run to run.
  std::string offset_directory{};
};

/// Calls a listener with a topic's messages, each at least once: a message that was not done comes
/// again, and after a crash so does what was not committed. Members of a group share the queues.
///
/// Begins at construction; brokers that are not there yet are waited for. close() and the
/// destructor let running listeners finish (up to shutdown_timeout), commit, give the queues to the
/// other members at once, and end the threads. Not to be closed from its own listener. Thread-safe.
class PushConsumer {
 public:
  /// Options that contradict each other show as Errc::invalid_argument in status(), and nothing
  /// is consumed.
  PushConsumer(Client& client, PushConsumerOptions options);
  ~PushConsumer();
  PushConsumer(const PushConsumer&) = delete;
  PushConsumer& operator=(const PushConsumer&) = delete;

  Outcome<void> status() const;
  void close();
  /// No new message reaches the listener until resume().
  void suspend();
  void resume();
  /// The queues this member has now.
  std::vector<Queue> queues() const;

 private:
  std::shared_ptr<client::Consumption> consumption_;
  Failure status_{};
};

}  // namespace sluice
