#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/buffer.h"
#include "broker/popping.h"
#include "broker/pulling.h"
#include "broker/sending.h"
#include "broker/sends_ahead.h"
#include "delivery/waits.h"
#include "doors/remoting/broker/door.h"
#include "doors/remoting/broker/parked.h"
#include "doors/remoting/broker/recycled_queue.h"
#include "doors/remoting/broker/slow_sends.h"
#include "doors/remoting/reply.h"
#include "net/reactor.h"
#include "wire/remoting/batch.h"
#include "wire/remoting/pop_receipt.h"

namespace sluice::doors {

class BrokerSession;

/// A decoded send that is taken up a bit later. Views are of its frame.
struct AskedSend {
  broker::SendQuery query;
  bool batch = false;
  ReplyTo reply_to;
};

/// An answer to a send that waits until its messages are confirmed (flushed).
struct LateAnswer {
  LogPosition until;
  SteadyTime deadline;
  std::weak_ptr<net::Connection> connection;
  BrokerSession* session = nullptr;  ///< of a send; lives while the connection is open
  SendTimes times;
  ReplyTo reply_to;
  std::string message_id, unique_key, batch_id, recall_handle;
  std::string topic;  ///< with times, of a send
  std::int32_t queue_id = 0;
  std::int64_t queue_offset = 0;

  void clear() {
    connection.reset();
    session = nullptr;
    for (std::string* text : {&message_id, &unique_key, &batch_id, &recall_handle, &topic}) {
      text->clear();
    }
  }
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
  broker::SendsAhead sends_ahead;
  std::vector<AskedSend> asked_sends;  ///< of the frames being handled
  std::vector<broker::BatchItem> batch_items;
  wire::remoting::Command command;
  WallTime wall;      ///< when the frames being handled were taken up
  SteadyTime steady;  ///< likewise
  broker::PullResult pulled;
  broker::PopBatch pops;
  broker::PopResult popped;
  wire::remoting::PopInfo pop_info;
  Buffer body;
  std::string text;
  SlowSends slow;

  /// Parks a pull, or gives false when messages have come meanwhile. It is answered by this
  /// context.
  bool park(ParkedPull& pull);
  /// The same for a pop. The caller then looks once more whether there is something for it.
  void park(ParkedPop& pop);
  /// Takes a parked request out, unanswered.
  void forget(Parked& parked);
  /// A request is not parked any more: writers need not know of it.
  void unmark(broker::TopicQueue& queue);
  void unmark(const broker::PopPlan& plan);

  /// The session has taken up the first of its sends of this wake. Answered by append_sends().
  void sends_from(BrokerSession& session);
  /// All of the connection's frames are taken up: appends its sends now, or at the end of the wake,
  /// together with those that other connections bring.
  void append_soon(net::Connection& connection);
  /// Appends what all sessions have taken up, and answers them.
  void append_sends();
  /// The topic was removed: nothing of it is held longer than sends need it.
  void forget_topic(std::string_view name);
  /// The batch for a request that appends by itself and clears it: what sessions have taken up is
  /// appended before, or it would be lost with it.
  broker::SendBatch& batch_for_one() {
    append_sends();
    return sends;
  }

  /// By which leases run.
  delivery::LeaseTime lease_time() const;
  /// Holds the connection's answers until what pops and acknowledgements have changed is logged:
  /// together with what the other connections of this wake bring.
  void answer_when_kept(net::Connection& connection);
  /// Offers the group's messages to its pops that are parked here, first come first served.
  void offer(const std::shared_ptr<broker::GroupLeases>& group);
  /// The group's progress in the queue was set: answers those of its pulls that wait here.
  void tell_reset(const std::string& group, const broker::TopicQueue& queue);
  /// The member was told to go on elsewhere: it will need a rebalance, after a while.
  void rebalance_later(const std::shared_ptr<delivery::Link>& link, std::string_view group);
  /// Any thread; the first reactor looks after leases that run out: they do so sooner than known.
  void leases_end_sooner();

  /// Wakes the pulls that wait for these queues, on every reactor.
  void announce(std::span<broker::TopicQueue* const> queues);
  /// Keeps an answer until its position is confirmed; and the queues to announce then.
  void answer_later(LateAnswer answer);
  /// The same, to be filled in: then answers_owed() says until when the last ones wait.
  LateAnswer& owe_answer() { return late_answers_.push(); }
  void answers_owed(LogPosition until);
  void announce_later(LogPosition until, std::span<broker::TopicQueue* const> queues);
  /// One of the two, by whether `until` is confirmed.
  void announce_when(LogPosition until, std::span<broker::TopicQueue* const> queues);
  /// Answers with the reason those that wait for a flush which will not come, if so.
  void fail_answers();
  /// Any thread: everything before `position` is confirmed, or nothing more ever will be.
  void confirmed_elsewhere(LogPosition position);

  /// No more answers; parked pulls are dropped with their sessions.
  void close();

 private:
  struct Arrival {
    delivery::QueueKey queue;
    QueueOffset end;
    const broker::Topic* topic;  ///< only to compare: it may be gone
  };
  struct LateArrival {
    LogPosition until;
    std::string topic;
    QueueId queue;
    void clear() { topic.clear(); }
  };

  struct Sender {
    std::shared_ptr<net::Connection> connection;
    BrokerSession* session;  ///< lives while the connection is open
    SendTimes times;         ///< where they are taken
  };

  struct Rebalance {
    SteadyTime time;
    std::weak_ptr<delivery::Link> link;
    std::string group;
  };

  void let_topics_go();
  void on_arrivals(std::span<const Arrival> arrivals);
  /// Fills tags_ with the tags of the messages that the queue's parked pulls have not been shown,
  /// when some of those want a tag.
  void look_at_tags(const Arrival& arrival);
  void finish(delivery::WaitList& released, bool expired);
  /// What identifies a topic that has parked pops; it lives as long as they do.
  using TopicKey = const broker::Topic*;
  void offer(TopicKey topic);
  void expire_leases();
  /// Logs what pops and acknowledgements have changed. False: it could not be logged; answers must
  /// not leave, and connections whose answers are held are closed.
  bool keep_leases();
  /// Nothing for all reactors but the first.
  std::optional<SteadyTime> next_lease_end() const;
  /// Answers or announcements wait for this position.
  void wait_for(LogPosition until);
  void on_timer();
  void arm();
  void release(LogPosition confirmed);
  void release_arrivals(LogPosition confirmed);
  void expire_answers(SteadyTime now);
  static void note_times(LateAnswer& answer, SteadyTime confirmed, SteadyTime answered);
  void rebalance_members(SteadyTime now);

  BrokerDoor& door_;
  net::Reactor& reactor_;
  const std::uint64_t bit_;
  delivery::Waits waits_;
  /// Groups with parked pops, by topic.
  std::unordered_map<TopicKey, std::vector<std::shared_ptr<broker::GroupLeases>>> popping_;
  net::Timer timer_;
  std::vector<std::vector<Arrival>> arrivals_;  // by reactor
  std::vector<Arrival> spare_arrivals_;         // memory for the next ones here
  std::vector<delivery::TagCode> tags_;         // of an arrival's messages
  RecycledQueue<LateAnswer> late_answers_;
  RecycledQueue<LateArrival> late_arrivals_;
  std::vector<std::shared_ptr<net::Connection>> answered_;  // by release(), empty in between
  std::deque<Rebalance> rebalances_;
  std::vector<Sender> senders_;                   // whose sends are in `sends`
  const net::Connection* last_sender_ = nullptr;  // only to compare: it may be gone
  bool append_posted_ = false;
  std::vector<std::shared_ptr<net::Connection>> held_;  // by answer_when_kept()
  bool keep_posted_ = false;
  std::atomic<bool> waiting_{false};  // for what confirmed_elsewhere() tells
  std::atomic<bool> release_posted_{false}, arm_posted_{false};
  std::atomic<SteadyTime> confirmed_at_{};  // what release() was posted for
  bool closed_ = false;
};

}  // namespace sluice::doors
