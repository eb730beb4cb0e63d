#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/duplicates.h"
#include "broker/known_topics.h"
#include "broker/light_queues.h"
#include "broker/topics.h"
#include "wire/record/message_id.h"

/// Accepting messages: what arrived in one wake of a connection is checked message by message and
/// then appended in one go.
namespace sluice::broker {

class Broker;

/// A send as a door decoded it. Views live until the batch is appended.
struct SendQuery {
  std::string_view topic;
  std::string_view default_topic;  ///< whose configuration a new topic takes, usually TBW102
  std::int32_t default_topic_queues = 4;
  std::int32_t queue_id = 0;  ///< -1: the broker chooses
  std::int32_t sys_flag = 0;
  std::int32_t flag = 0;
  std::int64_t born_ms = 0;
  wire::record::Host born_host;
  std::int32_t reconsume_times = 0;
  std::optional<std::int32_t> max_reconsume_times;  ///< the client's own limit, for %RETRY% topics
  std::string_view properties;
  Bytes body;
  Topic* known = nullptr;  ///< the topic, where somebody has found it among the batch's known ones
};
/// One message of a batch body (SEND_BATCH_MESSAGE); the rest is the query's.
struct BatchItem {
  std::int32_t flag = 0;
  std::string_view properties;
  Bytes body;
};

/// The sends of one wake of one reactor; reused, so that in steady state nothing is allocated.
/// Thread: one reactor.
class SendBatch {
 public:
  explicit SendBatch(Broker& broker);

  /// One accepted request: `count` messages from `first` on.
  struct Ticket {
    std::size_t first = 0, count = 0;
    QueueId queue;        ///< where readers will find them, also when they are delayed
    bool wait = false;    ///< to be answered when stored as promised; or else (WAIT=false) at once
    bool repeat = false;  ///< it was stored before: it is answered with that
    std::string_view batch_id;  ///< what a batch is answered under, if not under all its messages'
  };
  /// Checks and takes up one message. An error concerns this request only.
  /// Errors: topic_not_found, invalid_name, not_permitted, queue_out_of_range, message_too_large,
  /// busy (the same message is being stored, see duplicates.h), message_illegal, disabled (timed
  /// messages, where timerWheelEnable is false), unsupported (transactions that are delayed, too:
  /// named in the remark). A message with a DELAY level waits in the schedule's queue; see
  /// schedule.h. One with a TIMER_ property whose time is to come waits among the timed ones; see
  /// timers.h. One with TRAN_MSG is stored as a half
  /// message; see transactions.h.
  Result<Ticket> add(const SendQuery& query, WallTime now);
  /// Takes up all messages of a batch, or none; they go to one queue. The query's body is the whole
  /// batch as it was sent: it is what the size limit holds for. Not for %RETRY% topics.
  Result<Ticket> add(const SendQuery& query, std::span<const BatchItem> items, WallTime now);

  bool empty() const { return pending_.empty(); }
  std::size_t bytes() const { return bytes_; }
  /// Appends what was taken up. The position that store.confirmed() must reach before anyone is
  /// answered. Errors: those of MessageStore::append; then nothing of the batch is stored.
  Result<LogPosition> append();
  /// Valid after append(), until clear().
  const store::Pending& at(std::size_t i) const { return pending_[i]; }
  /// The same, of one request: what it stored, or what was stored before.
  std::span<const store::Pending> messages(const Ticket& ticket) const {
    return std::span(ticket.repeat ? repeats_ : pending_).subspan(ticket.first, ticket.count);
  }
  /// The queues that have grown, mostly once each, but for those of the schedule, which nobody
  /// waits for.
  std::span<TopicQueue* const> queues() const { return queues_; }
  /// The wake's topics stay alive until here.
  void clear();
  /// Those that messages were sent to.
  const KnownTopics& known_topics() const { return known_topics_; }
  /// The topic was removed: it is held until let_topics_go().
  void forget_topic(std::string_view name) { known_topics_.forget(name); }
  /// The batch is clear, and nobody uses what was found among its known topics.
  void let_topics_go();

 private:
  struct Target {
    Topic* topic = nullptr;
    Topic::Found found;
    QueueId id;
    bool dead = false;  ///< retried too often: it goes to the group's dead letters
  };
  struct Found;
  Result<Ticket> add_all(const SendQuery& query, std::span<const BatchItem> items, WallTime now);
  Result<Target> target(const SendQuery& query, WallTime now);
  Result<Topic*> topic(const SendQuery& query, WallTime now);
  Result<Topic*> new_topic(const SendQuery& query, WallTime now);
  Result<std::shared_ptr<Topic>> retry_topic(const SendQuery& query, WallTime now);
  /// Gives whether the sender waits for the flush.
  Result<bool> take(const Target& target, const SendQuery& query, const BatchItem& item,
                    WallTime now);
  /// The properties with what the broker must add to this message alone.
  std::string_view completed(const SendQuery& query, std::string_view properties,
                             const Target& target, const Found& found, WallTime now);
  void wait(store::Pending& pending, std::int64_t delay, WallTime now);
  void note_delayed();
  void wait_until(store::Pending& pending, WallTime due);
  void note_timed();
  Result<void> hold(store::Pending& pending, WallTime now);
  void note_halves();
  Result<void> go_to_light_queues(store::Pending& pending);
  void list(TopicQueue& queue);
  std::size_t place_of(const TopicQueue& queue) const;
  void cut(std::size_t size);
  Result<Ticket> unless_known(Ticket ticket, const SendQuery& query, milliseconds window,
                              WallTime now);
  void settle(bool stored);
  Result<void> check_type(const Topic& topic, std::string_view properties) const;

  Broker& broker_;
  std::vector<store::Pending> pending_;
  std::vector<store::Pending> repeats_;  ///< what was stored before
  struct Noted {
    Duplicates::Key key;
    std::size_t index;
    QueueId queue;
  };
  std::vector<Noted> noted_;  ///< what is being stored, to be settled
  std::vector<TopicQueue*> queues_;
  std::array<TopicQueue*, 256> listed_{};  ///< of those that share a place here, the last
  std::size_t spread_listed_ = 0;          ///< so many of spread_'s queues are listed
  Spread spread_;
  KnownTopics known_topics_;
  std::vector<std::shared_ptr<Topic>> retry_topics_;  ///< of this wake
  Topic* topic_ = nullptr;                            ///< that of the last message
  std::vector<std::unique_ptr<std::string>> texts_;   ///< properties the broker had to make
  std::size_t bytes_ = 0;
  std::optional<WallTime> delayed_since_;  ///< when the first delayed message was taken up
  std::optional<WallTime> halves_since_;   ///< the same for half messages
  bool timed_ = false;                     ///< a timed message was taken up
};

}  // namespace sluice::broker
