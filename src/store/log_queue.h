#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "store/entry_list.h"
#include "store/index_files.h"
#include "store/kept.h"
#include "store/message_store.h"
#include "store/queue_table.h"
#include "store/segment.h"

namespace sluice::store {

/// Prepared and rolled-back transaction messages are in no queue (store/CommitLogDispatcher of
/// Apache).
constexpr bool is_indexed(std::int32_t sys_flag) {
  const std::int32_t kind = sys_flag & wire::record::kTransactionRollback;
  return kind != wire::record::kTransactionPrepared && kind != wire::record::kTransactionRollback;
}

/// A queue's index. New entries stay in memory, already in the files' form, until write_below() has
/// written them; the rest is read from the files. An idle queue keeps no entries in memory.
class LogQueue final : public Queue, public std::enable_shared_from_this<LogQueue> {
 public:
  LogQueue(IndexFiles& files, const SegmentSet& log, std::shared_ptr<EntryMemory> memory,
           IndexName name)
      : files_(files), log_(log), memory_(std::move(memory)), name_(std::move(name)) {}
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;
  ~LogQueue() override { entries_.clear(*memory_); }

  const std::string& topic() const override { return *name_.topic; }
  QueueId id() const override { return name_.id; }
  QueueOffset min() const override;
  QueueOffset max() const override { return QueueOffset(max_.load()); }
  Result<std::size_t> read(QueueOffset from, std::span<IndexEntry> to) const override;
  Result<std::optional<std::size_t>> read_now(QueueOffset from,
                                              std::span<IndexEntry> to) const override;
  QueueOffset first_from(QueueOffset from) const override;

  // What lies beside the log: see Kept.

  void set_kept(std::shared_ptr<const Kept> kept);
  std::shared_ptr<const Kept> kept() const;
  /// min() of what is in the log.
  QueueOffset log_min() const;
  /// Messages below have expired, wherever they lie.
  void raise_floor(QueueOffset offset);
  QueueOffset floor() const { return QueueOffset(floor_.load(std::memory_order_relaxed)); }
  /// The first offset whose record lies at or past `position` of the log. Errors: io_error.
  Result<QueueOffset> first_at(LogPosition position) const;

  // Starting: one thread, before anybody reads.

  /// Takes the entries that the files have, up to the first unused one.
  Result<void> load();
  /// Takes what the queue table says instead, without looking at the files; `unwritten` are the
  /// entries from `written` on, in the files' form. True: see push().
  bool adopt(std::int64_t first, std::int64_t written, Bytes unwritten);
  /// The files may hold entries of records that were lost: they go before the next one is written.
  void distrust_files() { cut_first_ = true; }
  /// Whether the record at a position is the one with an offset of this queue; yes where the log
  /// begins later.
  using Matches = std::function<bool(const IndexEntry&, QueueOffset)>;
  /// Forgets entries of records at or past `position`, also in the files. Entries below are
  /// durable; those past it may be in any state, so the last one kept is asked for with `matches`.
  Result<void> cut(LogPosition position, const Matches& matches);
  /// The next message gets this offset or a later one.
  Result<void> skip_to(QueueOffset offset);
  /// The entry of a record that the log has; one that is there already is left alone. True: see
  /// push().
  Result<bool> restore(QueueOffset at, const IndexEntry& entry);

  // Under the log's tail mutex.

  QueueOffset next() const { return QueueOffset(next_.load(std::memory_order_relaxed)); }
  /// Adds the entry for next(), without waiting for readers. True when the maintenance should know:
  /// with the first entry that is in memory alone, and when they have become worth a write.
  bool push(const IndexEntry& entry);
  /// The maintenance need not know the queue any more, and it keeps no memory; or else false: it
  /// has entries in memory alone.
  bool let_go();
  /// With very many queues what push() touches is in no cache. So who is going to push asks for the
  /// first of these some time before, and when that is there for the second. Any thread.
  void warm() const { __builtin_prefetch(&next_, 1); }
  void warm_entry() const { entries_.warm(); }
  /// Takes the entries of records at or past `position` away again; they are in no file yet.
  void take_back(LogPosition position);
  /// A removed queue takes no entries.
  bool removed() const { return removed_; }
  void mark_removed() { removed_ = true; }

  /// Readers see entries below `max`.
  void publish(QueueOffset max) { max_.store(max.value); }

  // One thread at a time: the maintenance.

  /// Entries in memory alone.
  struct Unwritten {
    std::int64_t count = 0;
    LogPosition oldest;  ///< where the first one's record lies
  };
  Unwritten unwritten() const;
  /// Writes entries of records that end at or below `position` (forgets them when the queue is
  /// removed). Gives what is left in memory.
  Result<Unwritten> write_below(LogPosition position);
  /// Adds what there is of the queue as of a position, if anything.
  void add_to(QueueTableWriter& table, LogPosition position) const;
  /// Removes files that lie below min() as a whole, but never the last.
  Result<void> remove_old_files();
  const IndexName& name() const { return name_; }
  std::int64_t first() const { return first_; }
  /// With very many queues: so many are worth opening a file for.
  static constexpr std::int64_t kWorthAWrite = 64;
  /// The maintenance has seen that they are few: push() is to tell when they become many.
  void note_few() { many_ = false; }
  /// Whether UnwrittenQueues has it.
  bool listed() const { return listed_; }
  void set_listed(bool listed) { listed_ = listed; }

 private:
  std::shared_ptr<const Kept> kept_below_log(QueueOffset offset) const;
  Result<IndexEntry> entry_at(std::int64_t offset) const;
  Result<std::int64_t> first_where(std::int64_t low, std::int64_t high,
                                   const std::function<bool(const IndexEntry&)>& yes) const;
  std::size_t copy_from_memory(std::int64_t from, std::span<IndexEntry> to) const;
  enum class Wait : std::uint8_t { yes, no };
  Result<std::optional<std::size_t>> read_from(std::int64_t from, std::span<IndexEntry> to,
                                               Wait wait) const;
  Result<std::size_t> read_files(std::int64_t from, std::span<IndexEntry> to) const;
  Result<std::optional<std::size_t>> read_files_now(std::int64_t from,
                                                    std::span<IndexEntry> to) const;
  void add_block(std::int64_t waiting);
  Unwritten unwritten_locked() const;
  template <class Yes>
  std::int64_t first_waiting(Yes yes) const;
  std::int64_t count_below(LogPosition position) const;
  void drop_front(std::int64_t to);
  Result<void> start_at(std::int64_t offset, LogPosition position);

  IndexFiles& files_;
  const SegmentSet& log_;
  const std::shared_ptr<EntryMemory> memory_;
  // What an append touches, all on one cache line: see warm(). Under the tail mutex, but for what
  // readers and the maintenance may look at, too.
  alignas(64) std::atomic<std::int64_t> next_{0};  ///< entries below are whole
  std::atomic<std::int64_t> written_{0};           ///< entries below are in the files
  std::atomic<std::int64_t> max_{0};
  EntryList entries_;  ///< from written_ (or a bit before) to next_; mutex_ guards taking away
  std::atomic<bool> removed_{false};
  bool known_ = false;             ///< what push() said, until let_go()
  std::atomic<bool> many_{false};  ///< the same of many entries, until they are written

  // What readers and the maintenance ask for.
  std::atomic<bool> has_kept_{false};
  bool cut_first_ = false, listed_ = false;  ///< the maintenance's
  mutable std::mutex mutex_;
  IndexName name_;
  mutable std::atomic<std::int64_t> min_{0};
  mutable std::atomic<std::int64_t> min_for_{-1};  ///< the log's first position min_ was found for
  std::atomic<std::int64_t> first_{0};             ///< of the oldest file
  std::atomic<std::int64_t> floor_{0};
  std::atomic<std::int64_t> written_at_once_{0};  ///< so many entries, the last time
  std::shared_ptr<const Kept> kept_;              ///< guarded by mutex_
};

}  // namespace sluice::store
