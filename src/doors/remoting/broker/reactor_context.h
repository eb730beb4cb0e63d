#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "broker/pulling.h"
#include "broker/sending.h"
#include "delivery/waits.h"
#include "doors/remoting/broker/door.h"
#include "doors/remoting/broker/parked_pull.h"
#include "doors/remoting/reply.h"
#include "net/reactor.h"
#include "wire/remoting/batch.h"

namespace sluice::doors {

/// An answer to a send that waits until its messages are confirmed (flushed).
struct LateAnswer {
  LogPosition until;
  SteadyTime deadline;
  std::weak_ptr<net::Connection> connection;
  ReplyTo reply_to;
  std::string message_id, unique_key;
  std::int32_t queue_id = 0;
  std::int64_t queue_offset = 0;
};

/// What one reactor needs to serve its connections: scratch memory that is reused from wake to
/// wake, the pulls parked on it, the answers it owes. Thread: its reactor, but for what is said
/// otherwise.
class ReactorContext {
 public:
  ReactorContext(BrokerDoor& door, net::Reactor& reactor);
  ~ReactorContext();

  BrokerDoor& door() { return door_; }
  broker::Broker& broker() { return door_.broker(); }
  net::Reactor& reactor() { return reactor_; }

  /// The wake's sends, and space for decoding.
  broker::SendBatch sends;
  std::vector<broker::BatchItem> batch_items;
  wire::remoting::Command command;
  broker::PullResult pulled;
  Buffer body;
  std::string text;

  /// Parks a pull, or gives false when messages have come meanwhile. It is answered by this
  /// context.
  bool park(ParkedPull& pull);
  /// Takes a parked pull out, unanswered.
  void forget(ParkedPull& pull);

  /// Wakes the pulls that wait for these queues, on every reactor.
  void announce(std::span<broker::TopicQueue* const> queues);
  /// Keeps an answer until its position is confirmed; and the queues to announce then.
  void answer_later(LateAnswer answer);
  void announce_later(LogPosition until, std::span<broker::TopicQueue* const> queues);
  /// Any thread: everything before `position` is confirmed.
  void confirmed_elsewhere(LogPosition position);

  /// No more answers; parked pulls are dropped with their sessions.
  void close();

 private:
  struct Arrival {
    delivery::QueueKey queue;
    QueueOffset end;
  };
  struct LateArrival {
    LogPosition until;
    std::string topic;
    QueueId queue;
  };

  void on_arrivals(std::span<const Arrival> arrivals);
  void finish(delivery::WaitList& released, bool expired);
  void finish(ParkedPull& pull, bool expired);
  void unmark(const ParkedPull& pull);
  void on_timer();
  void arm();
  void release(LogPosition confirmed);
  void release_arrivals(LogPosition confirmed);
  void expire_answers(SteadyTime now);

  BrokerDoor& door_;
  net::Reactor& reactor_;
  const std::uint64_t bit_;
  delivery::Waits waits_;
  net::Timer timer_;
  std::vector<std::vector<Arrival>> arrivals_;  // by reactor
  std::deque<LateAnswer> late_answers_;
  std::deque<LateArrival> late_arrivals_;
  std::atomic<bool> release_posted_{false};
  bool closed_ = false;
};

}  // namespace sluice::doors
