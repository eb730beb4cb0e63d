#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "broker/duplicates.h"
#include "broker/groups.h"
#include "broker/leases.h"
#include "broker/pulling.h"
#include "broker/request_modes.h"
#include "broker/schedule.h"
#include "broker/sending.h"
#include "broker/timers.h"
#include "broker/topics.h"
#include "broker/transactions.h"
#include "delivery/members.h"
#include "delivery/progress.h"
#include "delivery/queue_locks.h"
#include "delivery/resets.h"
#include "delivery/variants.h"
#include "store/message_store.h"

/// The façade that doors call. Thin: it holds the parts and puts them together for what needs
/// several.
namespace sluice::broker {

struct ProgressSnapshot;

struct BrokerOptions {
  std::string name = "broker-a";
  std::string cluster = "DefaultCluster";
  std::int64_t id = 0;
  bool auto_create_topic = true;
  bool auto_create_group = true;
  bool mixed_types = false;          ///< enableMixedMessageType
  bool check_message_types = false;  ///< a topic takes only messages of its message.type
  std::int32_t default_topic_queues = 8;
  bool light_queues = false;               ///< enableLmq
  bool light_dispatch = false;             ///< enableLmq and enableMultiDispatch
  std::int32_t light_queues_max = 20'000;  ///< maxLmqConsumeQueueNum
  milliseconds duplicates_window{0};       ///< of topics that say nothing; 0: sends may repeat
  std::size_t duplicates_max = 250'000;    ///< messages that are remembered
  std::int32_t max_message_bytes = 4 << 20;
  std::string region = "DefaultRegion";
  bool trace_on = true;
  bool property_filter = true;  ///< whether subscriptions may be of type SQL92
  DelayLevels delay_levels;
  TransactionOptions transactions;
  TimerOptions timers;
  /// Where the index of timed messages lies; empty: beside the config folder.
  std::string timers_folder;
  /// What readers find in memory: a group without progress starts at the first message while the
  /// log is not longer than this (RocketMQ's accessMessageInMemoryMaxRatio of the machine's
  /// memory).
  std::int64_t memory_bytes = 1LL << 30;
  Damaged damaged = Damaged::stop;
  bool slave_read = false;        ///< slaveReadEnable: readers far behind are sent to a slave
  wire::record::Host store_host;  ///< as in the store's options
  RequestModeSetting default_request_mode;
  std::int32_t process = 0;  ///< with seed: makes message ids unique
  std::uint32_t seed = 0;
};

/// Counters since the start; any thread.
struct Traffic {
  std::atomic<std::int64_t> put_messages{0}, put_bytes{0}, put_failed{0};
  std::atomic<std::int64_t> duplicates{0};  ///< sends answered with what was stored before
  std::atomic<std::int64_t> got_messages{0}, got_bytes{0}, get_missed{0};
  std::atomic<std::int64_t> cold_reads{0};  ///< pulls that had to wait for the disk
  std::atomic<std::int64_t> damaged{0};     ///< messages that were skipped
  /// Sends that took slowRequestMs or more, and where they spent how many milliseconds.
  std::atomic<std::int64_t> slow_sends{0}, slow_queue_ms{0}, slow_append_ms{0}, slow_flush_ms{0},
      slow_wake_ms{0}, slow_write_ms{0};
};

/// Thread-safe: each part says how. Times are passed in.
class Broker {
 public:
  Broker(store::MessageStore& store, store::Disk& disk, std::string config_folder,
         BrokerOptions options);

  const BrokerOptions& options() const { return options_; }
  store::MessageStore& store() { return store_; }
  Topics& topics() { return topics_; }
  const Topics& topics() const { return topics_; }
  Groups& groups() { return groups_; }
  delivery::ConsumerGroups& consumers() { return consumers_; }
  delivery::ProducerGroups& producers() { return producers_; }
  delivery::Progress& progress() { return progress_; }
  delivery::Variants& variants() { return variants_; }
  delivery::QueueLocks& locks() { return locks_; }
  Leases& leases() { return leases_; }
  RequestModes& request_modes() { return request_modes_; }
  Duplicates& duplicates() { return duplicates_; }
  /// How long messages of the topic are remembered, so that none is stored twice; 0: they are not.
  milliseconds duplicates_window(const Topic& topic) const;
  Schedule& schedule() { return schedule_; }
  Transactions& transactions() { return transactions_; }
  Timers& timers() { return timers_; }
  Traffic& traffic() { return traffic_; }

  /// Loads the snapshots (config/topics.json, subscriptionGroup.json, consumerOffset.json,
  /// delayOffset.json, messageRequestMode.json, consumerVariants.json).
  /// Errors: corrupt, naming the file.
  Result<void> load(WallTime now);
  /// Writes the snapshots whose tables changed since the last time.
  Result<void> persist(WallTime now);
  /// Logs what has changed of the groups' progress. Every second, and before a commit is answered
  /// that somebody waits for.
  Result<void> log_progress(WallTime now);
  /// topics.json and subscriptionGroup.json alone: after an administrator's change, before it is
  /// answered.
  Result<void> persist_tables();
  /// delayOffset.json alone. Call soon after each flush: what was delivered since the last time may
  /// come twice after a crash.
  Result<void> persist_schedule();

  /// Transactions::check, and asks the producers. Whoever calls announces the queues.
  Result<Transactions::Round> check_transactions(WallTime now);

  /// A consumer's heartbeat: makes its group and its %RETRY% topic when needed, then counts it as a
  /// member. Gives whether members or subscriptions changed. Errors: group_not_found, invalid_name.
  Result<bool> consumer_hello(const std::shared_ptr<delivery::Link>& link, delivery::Hello hello,
                              WallTime wall, SteadyTime steady);
  /// The connection is gone.
  void disconnected(const delivery::Link* link);
  /// Drops members that were silent for 120 s, locks that ran out. Every 10 s or so.
  void expire(SteadyTime now);

  /// delivery::parse_subscription, as far as the options allow. Errors: its own; disabled.
  Result<delivery::Subscription> parse_subscription(std::string_view topic,
                                                    std::string_view expression,
                                                    std::string_view type,
                                                    std::int64_t version) const;

  /// Checks a pull and commits the progress it brings. Errors: group_not_found, not_permitted,
  /// topic_not_found, queue_out_of_range, subscription_not_found, subscription_stale,
  /// subscription_malformed, unsupported.
  Result<PullPlan> prepare_pull(const PullQuery& query, WallTime now);
  /// Reads what the plan wants now. `result` is cleared first. With Wait::no it touches nothing
  /// that is not in memory: what comes before that is the answer, or else the status is cold and
  /// the caller reads again on a thread that may wait. Errors: io_error, corrupt.
  Result<void> read(const PullPlan& plan, PullResult& result, Wait wait = Wait::yes);

  /// Progress as GET asks for it: what is committed; else 0 where the group would start at the
  /// queue's first message anyway (min is 0 and it is still in memory), else offset_not_found.
  /// `link`: who asks, as members of a group may stand at different places.
  Result<QueueOffset> query_offset(std::string_view group, std::string_view topic, QueueId queue,
                                   bool zero_if_missing, const delivery::Link* link = nullptr);
  Result<void> commit_offset(std::string_view group, std::string_view topic, QueueId queue,
                             QueueOffset next, WallTime now, const delivery::Link* link = nullptr);
  /// Sets the group's progress; members that run are sent there by their next pull, those whose
  /// pulls wait by tell_reset(). Members in broadcasting mode keep their own progress.
  Result<void> reset_offset(std::string_view group, std::string_view topic, QueueId queue,
                            QueueOffset target, WallTime now);
  /// Where the member behind `link`, whose pull waits, is to go on instead; nothing when no reset
  /// is new to it.
  std::optional<QueueOffset> tell_reset(const PullPlan& plan, const delivery::Link* link);
  /// The queue of a topic. Errors: topic_not_found, queue_out_of_range.
  Result<std::pair<std::shared_ptr<Topic>, TopicQueue*>> find_queue(std::string_view topic,
                                                                    QueueId queue);
  Result<void> remove_topic(std::string_view name, WallTime now);
  Result<void> remove_group(std::string_view name, bool with_progress, WallTime now);

  /// What the broker appends to each message's properties.
  std::string_view extra_properties() const { return extra_properties_; }
  /// Ids for messages whose client gave them none.
  wire::record::UniqueIds& unique_ids() { return unique_ids_; }

 private:
  std::optional<QueueOffset> reset_of(const PullQuery& query);
  std::int64_t suggest_broker(const PullPlan& plan, const PullResult& result) const;
  /// Topics that messages were sent to and whose making no snapshot has: their queues tell of them.
  Result<void> find_topics(WallTime now);
  Result<void> load_duplicates(WallTime now);
  Result<void> load_progress(const std::optional<ProgressSnapshot>& snapshot, WallTime now);
  Result<void> persist_progress(WallTime now);
  std::vector<delivery::Progress::Entry> cut_progress(
      std::vector<delivery::Progress::Entry>& entries);
  Result<void> load_leases();
  Result<void> persist_leases();
  Result<void> load_transactions(WallTime now);
  Result<void> persist_transactions();
  Result<void> load_timers();
  /// The progress of kTransactionGroup, among the others.
  void note_transactions();
  /// Null: all messages.
  Result<std::shared_ptr<const delivery::Subscription>> subscription_of(
      const PullQuery& query, const GroupConfig& group) const;

  const BrokerOptions options_;
  store::MessageStore& store_;
  store::Disk& disk_;
  const std::string config_folder_;
  const std::string extra_properties_;
  wire::record::UniqueIds unique_ids_;
  Topics topics_;
  Schedule schedule_;
  Timers timers_;
  Transactions transactions_;
  Groups groups_;
  delivery::ConsumerGroups consumers_;
  delivery::ProducerGroups producers_;
  delivery::Progress progress_;
  delivery::Variants variants_{consumers_, progress_};
  delivery::QueueLocks locks_;
  delivery::Resets resets_;
  Leases leases_;
  Duplicates duplicates_;
  RequestModes request_modes_;
  Traffic traffic_;
  std::mutex persist_mutex_, leases_mutex_;
  std::uint64_t persisted_progress_ = 0, persisted_modes_ = 0, persisted_variants_ = 0;
  std::mutex progress_mutex_;  // one logs at a time, so that the log has the order of the changes
  std::mutex tables_mutex_;
  DataVersion persisted_topics_, persisted_groups_, progress_version_;
  std::uint64_t persisted_leases_ = 0;
  Transactions::Checks persisted_checks_;
  std::mutex schedule_mutex_;
  Schedule::Offsets persisted_schedule_;
};

}  // namespace sluice::broker
