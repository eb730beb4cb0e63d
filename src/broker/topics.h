#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "broker/topic_attributes.h"
#include "broker/topic_table.h"
#include "store/message_store.h"

/// Topics of this broker: their configuration and their queues.
namespace sluice::broker {

/// Bits of a topic's permission.
inline constexpr std::int32_t kPermInherit = 1, kPermWrite = 2, kPermRead = 4;

/// The most queues a topic can have.
inline constexpr std::int32_t kQueuesMax = 1024;

struct TopicConfig {
  std::string name;
  std::int32_t read_queues = 16;
  std::int32_t write_queues = 16;
  std::int32_t perm = kPermRead | kPermWrite;
  std::string filter_type = "SINGLE_TAG";
  std::int32_t sys_flag = 0;
  bool order = false;
  Attributes attributes;
  friend bool operator==(const TopicConfig&, const TopicConfig&) = default;
};

/// RocketMQ's version of a table: a change makes it newer.
struct DataVersion {
  std::int64_t state_version = 0;
  std::int64_t timestamp = 0;  ///< ms since the epoch
  std::int64_t counter = 0;
  friend bool operator==(const DataVersion&, const DataVersion&) = default;
};

class Topic;

/// One queue of a topic: its index in the store, and which reactors have reads parked on it. Small,
/// and on one cache line: with very many queues it is in no cache. Lives as long as the topic.
struct alignas(32) TopicQueue {
  Topic* topic = nullptr;
  store::Queue* index = nullptr;
  /// Bit r: reactor r has parked reads. Sequentially consistent: who parks sets its bit and then
  /// looks at index->max() again; who appends publishes max() and then looks here. So no arrival
  /// goes unseen.
  std::atomic<std::uint64_t> watchers{0};
  std::atomic<bool> made{false};  ///< or else the place is free
  std::uint64_t key() const { return reinterpret_cast<std::uintptr_t>(this); }
};

/// A topic. Queues are made on first use and never move. Any thread.
class Topic {
 public:
  Topic(TopicConfig config, store::MessageStore& store);
  ~Topic();
  const std::string& name() const { return name_; }
  std::shared_ptr<const TopicConfig> config() const;
  /// A queue and its index in the store.
  struct Found {
    TopicQueue* queue = nullptr;
    store::Queue* index = nullptr;
  };
  /// The queue, or nullptr when id is not below max(read, write) queues.
  TopicQueue* queue(QueueId id) { return find(id).queue; }
  Found find(QueueId id);
  // What find() touches is asked for, one step after the other: see SendsAhead.
  void expect() const;
  void expect_queue(QueueId id) const;
  /// One of those that are read from. Errors: queue_out_of_range.
  Result<TopicQueue*> readable_queue(QueueId id);
  std::int32_t read_queues() const { return read_queues_.load(std::memory_order_relaxed); }
  std::int32_t write_queues() const { return write_queues_.load(std::memory_order_relaxed); }
  std::int32_t perm() const { return perm_.load(std::memory_order_relaxed); }
  TopicTraits traits() const { return traits_.load(std::memory_order_relaxed); }
  bool deleted() const { return deleted_.load(std::memory_order_relaxed); }
  /// As TopicQueue::watchers, for reads that wait for any of the queues.
  std::atomic<std::uint64_t>& watchers() { return watchers_; }
  /// For queue id -1: spreads writes over the write queues.
  QueueId next_write_queue();

 private:
  friend class Topics;
  void configure(TopicConfig config);
  void tell_store(const TopicConfig* before);
  /// Places for queues. They never move: where more are needed, another block has them.
  struct Block {
    std::size_t count = 0;
    std::unique_ptr<TopicQueue[]> queues;
    std::atomic<Block*> next{nullptr};
  };
  TopicQueue* place(QueueId id) const;
  void make_places(std::size_t queues);
  // What a message asks for, side by side: with very many topics it is in no cache. With the count
  // of who holds it, which lies before it, that is two cache lines: see make_topic().
  const std::string name_;
  std::atomic<std::int32_t> read_queues_, write_queues_, perm_;
  std::atomic<bool> deleted_{false};
  std::atomic<TopicTraits> traits_;
  Block first_;
  std::atomic<std::uint64_t> watchers_{0};
  std::atomic<std::uint32_t> spread_{0};
  store::MessageStore& store_;
  mutable std::mutex mutex_;  // config_, and the making of queues
  std::shared_ptr<const TopicConfig> config_;
  std::vector<std::unique_ptr<Block>> more_;            ///< those behind the first
  std::vector<std::shared_ptr<store::Queue>> indexes_;  ///< those in use
};

std::shared_ptr<Topic> make_topic(TopicConfig config, store::MessageStore& store);

/// Errors name the rule: empty, longer than 127 bytes (255 with kRetryPrefix or kDeadPrefix), a
/// character outside [%|a-zA-Z0-9_-].
Result<void> check_topic_name(std::string_view name);
/// Names that clients can neither create, change nor delete. Writing to some of them is normal
/// (RMQ_SYS_TRACE_TOPIC, BenchmarkTest): whether a send is refused is not said here.
bool is_system_topic(std::string_view name);
inline constexpr std::string_view kRetryPrefix = "%RETRY%";
inline constexpr std::string_view kDeadPrefix = "%DLQ%";

struct TopicsOptions {
  bool auto_create = true;   ///< autoCreateTopicEnable
  bool mixed_types = false;  ///< enableMixedMessageType: a topic may have message.type=MIXED
  std::int32_t default_queues =
      8;               ///< defaultTopicQueueNums: of the topic TBW102 that others inherit from
  bool light = false;  ///< enableLmq: names with %LMQ% are those of light queues
  bool light_dispatch = false;      ///< enableMultiDispatch, too: messages can name them
  std::int32_t light_max = 20'000;  ///< maxLmqConsumeQueueNum
  std::string cluster_name, broker_name;
};

/// All topics. Thread-safe; find() takes a shared lock of one of several shards.
class Topics {
 public:
  Topics(store::MessageStore& store, TopicsOptions options);

  const TopicsOptions& options() const { return options_; }
  /// Makes a light queue's topic when it is not there; null past their limit.
  std::shared_ptr<Topic> find(std::string_view name);
  /// Whether the name is that of a light queue: nobody configures it, and nobody is told of it.
  bool is_light(std::string_view name) const;
  /// A light queue's topic; `limited`: null instead of one more than there may be.
  std::shared_ptr<Topic> light(std::string_view name, bool limited);
  /// As a send does it: the topic, else made after the default topic the client names (TBW102), or
  /// with one queue for %RETRY% topics. Errors: invalid_name, topic_not_found (says how to create
  /// it), not_permitted.
  Result<std::shared_ptr<Topic>> find_or_create(std::string_view name,
                                                std::string_view default_topic,
                                                std::int32_t client_queues, WallTime now);
  /// Makes it with this configuration when it does not exist.
  Result<std::shared_ptr<Topic>> ensure(TopicConfig config, WallTime now);
  /// Creates or changes. Errors: invalid_name, invalid_argument (queue numbers 1…1024, perm 0…7),
  /// not_permitted (system topic).
  Result<void> put(TopicConfig config, WallTime now);
  /// The same, but its attributes are those it has, with these changes; see alter_attributes.
  Result<void> put(TopicConfig config, const Attributes& changes, WallTime now);
  /// Errors: topic_not_found, not_permitted (system topic).
  Result<void> remove(std::string_view name, WallTime now);

  std::vector<std::shared_ptr<const TopicConfig>> configs() const;
  DataVersion version() const;
  /// Called after each change, with no lock held: to persist and to register with name servers. Set
  /// once.
  void on_change(std::function<void()> fn);
  /// From a snapshot, before use.
  void restore(std::vector<TopicConfig> configs, DataVersion version);

 private:
  std::shared_ptr<Topic> look(std::string_view name) const;
  void changed(WallTime now);
  Result<bool> put_locked(TopicConfig config);
  struct alignas(64) Shard {
    mutable std::shared_mutex mutex;
    TopicTable topics;
  };
  Shard& shard(std::size_t hash) const { return shards_[hash % shards_.size()]; }
  Shard& shard(std::string_view name) const { return shard(topic_hash(name)); }

  store::MessageStore& store_;
  const TopicsOptions options_;
  mutable std::array<Shard, 16> shards_;
  mutable std::mutex change_mutex_;  // one change at a time; guards version_
  DataVersion version_;
  std::function<void()> on_change_;
  std::atomic<std::int32_t> lights_{0};
};

}  // namespace sluice::broker
