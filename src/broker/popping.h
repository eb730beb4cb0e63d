#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/leases.h"
#include "broker/pulling.h"
#include "broker/topics.h"
#include "store/message_store.h"

/// Pop: members take messages one by one under a lease, and end each lease by an acknowledgement.
///
/// Nothing is written again when a lease runs out: the message is handed out from where it lies,
/// with its attempts as reconsumeTimes. What was leased and finished is kept in the log (topic
/// kLeaseTopic), before anybody is answered, so that it survives the process.
namespace sluice::broker {

class Broker;

/// Where changes of leases are logged. Not in the topics' table: clients do not see it.
inline constexpr std::string_view kLeaseTopic = "rmq_sys_SLUICE_LEASES";
inline constexpr std::int32_t kPopMessagesMax = 32;    ///< in one pop
inline constexpr std::size_t kUnfinishedMax = 20'000;  ///< of one group in one queue
inline constexpr milliseconds kInvisibleMin{1}, kInvisibleMax{7L * 24 * 3'600'000};

enum class PopStart : std::uint8_t {
  first,  ///< a new group begins at the oldest message
  last,   ///< it begins at the newest, or at the oldest while the queue is young and in memory
};

/// A pop as a door decoded it. Views live during prepare().
struct PopQuery {
  std::string_view group, topic;
  std::int32_t queue_id = -1;  ///< -1: any
  std::int32_t max_messages = 32;
  milliseconds invisible{60'000};
  PopStart start = PopStart::last;
  std::string_view expression = "*";
  std::string_view expression_type = "TAG";
  bool ordered = false;         ///< one lease at a time for each queue
  std::string_view attempt_id;  ///< ordered: names the request when it is repeated
};

/// A checked pop: what is needed to take messages now or, parked, later.
struct PopPlan {
  std::shared_ptr<Topic> topic;
  std::shared_ptr<GroupLeases> leases;
  std::shared_ptr<const delivery::Subscription> subscription;  ///< null: everything
  std::int32_t queue_id = -1;
  std::int32_t max_messages = 0;
  milliseconds invisible{0};
  PopStart start = PopStart::last;
  bool ordered = false;
  std::string attempt_id;
};

/// What a pop took. Reused: clear() keeps the memory.
struct PopResult {
  struct Message {
    QueueId queue;
    QueueOffset offset;
    std::int32_t attempts = 0;  ///< earlier leases that nobody acknowledged
  };
  WallTime stamp;                          ///< the pop's time: part of each receipt
  std::vector<Message> messages;           ///< by queue, then by offset
  std::vector<store::IndexEntry> entries;  ///< of the messages
  LogPosition log_begins;                  ///< where the log began when they were taken
  std::vector<store::Slice> records;
  std::vector<Message> damaged;  ///< were taken, and cannot be served
  bool cold = false;  ///< the records must be waited for: read_popped() on a thread that may wait
  std::size_t bytes = 0;
  std::int64_t rest = 0;  ///< messages that are left, about
  bool left = false;      ///< messages were left for members with other filters
  bool more = false;      ///< the search ended before the queue did: ask again at once
  void clear();
};

/// Brings the records of what a pop took. With Wait::no only if all are in memory, else the result
/// is cold. With Wait::yes each is checked; what is damaged leaves the messages for `damaged`, and
/// stays leased. Any thread. Errors: io_error.
Result<void> read_popped(Broker& broker, PopResult& result, Wait wait);

/// Pops and acknowledgements of one wake of one reactor; reused. What they changed is logged by
/// append(), which comes before their answers leave. Thread: one reactor.
class PopBatch {
 public:
  explicit PopBatch(Broker& broker) : broker_(broker) {}

  /// Errors: group_not_found, not_permitted, topic_not_found, queue_out_of_range, invalid_argument
  /// (more than 32 messages, an invisible time outside 1 ms…7 days), subscription_malformed.
  Result<PopPlan> prepare(const PopQuery& query, WallTime now);
  /// Takes what the plan wants now; no messages is no error. With Wait::no the result may be cold.
  /// Errors: those of MessageStore::read.
  Result<void> pop(const PopPlan& plan, const delivery::LeaseTime& now, PopResult& result,
                   Wait wait = Wait::yes);
  /// What a pop would look at first, without taking it. Errors: those of Broker::read.
  Result<void> peek(const PopPlan& plan, PullResult& result);
  /// Whether a pop would look at messages.
  bool any(const PopPlan& plan, const delivery::LeaseTime& now);

  /// What a client shows for a message it was given.
  struct Receipt {
    std::string_view group, topic;
    QueueId queue;
    QueueOffset offset;
    WallTime stamp;
  };
  using Outcome = delivery::LeaseQueue::Outcome;
  /// Errors: topic_not_found, queue_out_of_range, offset_not_found (outside the queue, or never
  /// handed out under that receipt).
  Result<Outcome> acknowledge(const Receipt& receipt);
  /// All `offsets` of one pop's messages in one queue; what does not hold any more does not keep
  /// the others from being done. The receipt's own offset does not count. Errors: topic_not_found,
  /// queue_out_of_range, offset_not_found (the queue has no leases).
  Result<void> acknowledge(const Receipt& receipt, std::span<const QueueOffset> offsets);
  /// Errors: as acknowledge(), and invalid_argument. Done: the new receipt's stamp is that
  /// of `now`.
  Result<Outcome> put_off(const Receipt& receipt, milliseconds invisible,
                          const delivery::LeaseTime& now);

  /// Begins anew at `target`: every lease in the queue is void. Logged at once.
  Result<void> reset(std::string_view group, std::string_view topic, QueueId queue,
                     QueueOffset target, WallTime now);

  /// Whether append() has something to log.
  bool changed() const { return !touched_.empty(); }
  /// Logs what has changed. Errors: those of MessageStore::append; then the answers must not leave.
  Result<void> append(WallTime now);
  /// Groups whose parked pops may find something by what was done here; each is told once.
  std::vector<std::shared_ptr<GroupLeases>> take_woken() { return std::exchange(woken_, {}); }

 private:
  using Fate = delivery::LeaseQueue::Fate;
  struct Taking;
  struct Place;
  Result<QueueLeases*> leases_of(const PopPlan& plan, QueueId id, const store::Queue& index);
  Result<QueueOffset> start_of(const PopPlan& plan, QueueId id, const store::Queue& index) const;
  Result<bool> repeat(Taking& taking);
  Result<void> take(Taking& taking, QueueId id);
  Result<void> take_ready(Taking& taking, QueueId id, QueueLeases& leases,
                          const store::Queue& index);
  std::optional<delivery::Ready> next_ready(const Taking& taking, const QueueLeases& leases,
                                            const std::optional<delivery::Ready>& after) const;
  Result<void> take_new(Taking& taking, QueueId id, QueueLeases& leases, const store::Queue& index);
  Result<Fate> fate(const Taking& taking, const store::IndexEntry& entry) const;
  Result<void> look_up(std::string_view group, std::string_view topic);
  Result<Place> place_of(const Receipt& receipt);
  void note_finished(GroupLeases& group, QueueId queue, std::span<const QueueOffset> offsets);
  Outcome finish(const Place& place, QueueId queue, QueueOffset offset, WallTime stamp);
  Result<void> take_all(Taking& taking);
  /// Where the group goes on, also when it has not begun yet.
  Result<QueueOffset> next_of(const PopPlan& plan, QueueId id, const store::Queue& index) const;
  void report(const GroupLeases& group, QueueId id, QueueLeases& leases);
  void settle(const std::shared_ptr<GroupLeases>& group);
  /// Gives its id.
  std::uint32_t remember_filter(const PopPlan& plan, WallTime lease_now);
  void log(LeaseChange::Kind kind, const std::shared_ptr<GroupLeases>& group, QueueId id,
           QueueOffset next, const delivery::Lease& lease, std::vector<LeaseChange::Item>& items);
  void touch(const std::shared_ptr<GroupLeases>& group);
  void wake(const std::shared_ptr<GroupLeases>& group);

  /// What the receipt before named: those of one wake mostly name the same.
  struct Known {
    std::string group;
    std::shared_ptr<Topic> topic;
    std::shared_ptr<GroupLeases> leases;
  };

  Broker& broker_;
  Known known_;
  std::vector<std::shared_ptr<GroupLeases>> touched_;  // with changes that are not in the log yet
  std::vector<std::shared_ptr<GroupLeases>> woken_;
  Buffer body_;
  std::shared_ptr<store::Queue> log_;  // of kLeaseTopic, once it is used
  LeaseChange change_;
  std::vector<Fate> fates_;
  std::vector<QueueOffset> finished_;
  std::vector<LeaseChange::Item> taken_, left_;
};

}  // namespace sluice::broker
