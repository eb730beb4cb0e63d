#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/flat_map.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "store/log_queue.h"
#include "store/queue_table.h"

namespace sluice::store {

/// All queues by topic and id. Any thread.
class QueueRegistry {
 public:
  QueueRegistry(IndexFiles& files, const SegmentSet& log) : files_(files), log_(log) {}

  /// Takes in every queue that has files. Before anybody else asks.
  Result<void> load(Disk& disk);

  /// The same by the table, without a look at any file. Gives the queues with entries that are in
  /// no file.
  std::vector<std::shared_ptr<LogQueue>> adopt(const QueueTable& table);
  /// What the queues hold of the records below, but for removed queues. Between two write-outs.
  Result<void> add_to(QueueTableWriter& table, LogPosition position) const;

  /// Never null. A topic that cannot name a folder gets a queue that takes nothing.
  std::shared_ptr<LogQueue> find_or_create(std::string_view topic, QueueId id);
  std::vector<std::shared_ptr<LogQueue>> all() const;
  std::size_t count() const;
  std::vector<std::shared_ptr<LogQueue>> of_topic(std::string_view topic) const;

  /// Forgets the removed queues of a topic and their files; no queue of the topic is made
  /// meanwhile.
  Result<void> erase_removed(const std::string& topic);

  /// That of the queues' entries.
  EntryMemory& memory() { return *memory_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Topic {
    std::shared_ptr<const std::string> name;
    boost::container::flat_map<std::int32_t, std::shared_ptr<LogQueue>> queues;
  };
  struct Shard {
    mutable std::shared_mutex mutex;  ///< guards topics
    boost::unordered_flat_map<std::string, Topic, TextHash, std::equal_to<>> topics;
  };
  const Shard& shard_of(std::string_view topic) const {
    return shards_[TextHash()(topic) % shards_.size()];
  }
  Shard& shard_of(std::string_view topic) { return shards_[TextHash()(topic) % shards_.size()]; }

  IndexFiles& files_;
  const SegmentSet& log_;
  const std::shared_ptr<EntryMemory> memory_ = std::make_shared<EntryMemory>();
  std::atomic<std::uint64_t> next_serial_{1};
  std::array<Shard, 32> shards_;
};

}  // namespace sluice::store
