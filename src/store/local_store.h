#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "store/checkpoint.h"
#include "store/cold_windows.h"
#include "store/commit_log.h"
#include "store/compactor.h"
#include "store/keeper.h"
#include "store/key_builder.h"
#include "store/message_store.h"
#include "store/queue_registry.h"
#include "store/recovery.h"
#include "store/unwritten_queues.h"

namespace sluice::store {

/// The store on a Disk: puts log, indexes, checkpoint and locks together.
class LocalStore final : public MessageStore {
 public:
  LocalStore(Disk& disk, Clock& clock, StoreOptions options);

  /// Takes the lock and recovers; before anything else.
  Result<void> start();

  std::shared_ptr<Queue> queue(std::string_view topic, QueueId id) override;
  Result<void> remove_topic(std::string_view topic) override;
  std::vector<std::shared_ptr<Queue>> queues() const override;
  std::vector<std::shared_ptr<Queue>> queues_of(std::string_view topic) const override;

  Result<LogPosition> append(std::span<Pending> batch) override;
  void on_confirmed(ConfirmedFn fn) override { log_.on_confirmed(std::move(fn)); }
  Result<Slice> read(LogPosition position, std::int32_t size) const override;
  Result<std::optional<Slice>> read_now(LogPosition position, std::int32_t size) const override;
  Result<Slice> read_checked(LogPosition position, std::int32_t size, bool ahead) const override;
  Result<Slice> read_record(LogPosition position) const override;

  LogPosition min_position() const override { return LogPosition(segments_.first()); }
  LogPosition end() const override { return log_.end(); }
  LogPosition flushed() const override { return log_.flushed(); }
  LogPosition confirmed() const override { return log_.confirmed(); }

  Result<QueueOffset> offset_at(const Queue& queue, WallTime time,
                                Boundary boundary) const override;
  Result<WallTime> store_time(const Queue& queue, QueueOffset offset) const override;

  Result<KeyResult> find_by_key(const KeyQuery& query) const override;
  bool index_keys() override { return keys_.step(); }

  void compact_topic(std::string_view topic) override { compactor_.watch(topic); }
  void retain_topic(std::string_view topic, std::optional<TopicRetention> rule) override {
    keeper_.watch(topic, rule);
  }
  bool compact(std::int64_t bytes) override;

  void maintain() override;
  bool flush_waiting() override { return log_.flush_waiting(); }
  void stop_flushing() override { log_.stop_flushing(); }
  void flush_log() override { (void)log_.flush(); }
  void keep_while(std::function<bool(LogPosition)> needed) override { needed_ = std::move(needed); }
  Result<int> apply(const Retention& rules, int hour, int limit) override;
  Result<int> drop_older_than(milliseconds keep, int limit) override;
  Result<void> accepts() const override;

  Result<void> health() const override { return log_.tail().health(); }
  Result<void> flush_health() const override { return log_.flush_health(); }
  std::int64_t segment_bytes() const override { return options_.segment_bytes; }
  Result<Disk::Space> space() const override { return disk_.space(options_.root); }
  Result<void> close() override;

 private:
  enum class Sync : std::uint8_t { when_due, now, all };  ///< all: and every entry is in a file
  void log_start(const Recovered& found) const;
  Result<void> mark_running();
  Result<void> write_indexes(Sync sync, LogPosition older_than = LogPosition(0));
  Result<void> write_dirty(LogPosition below, Sync sync, LogPosition older_than);
  std::int64_t worth_a_write(Sync sync);
  Result<bool> files_have(LogPosition below);
  void give_back(std::vector<std::shared_ptr<LogQueue>> queues, LogPosition flushed);
  std::int64_t indexes_ms(const Checkpoint& next, std::int64_t flushed_ms) const;
  Result<void> note_flushed();
  Result<void> note_meanwhile();
  bool sync_is_due(std::int64_t position) const;
  Result<void> sync_index_files();
  bool table_is_due(std::int64_t position) const;
  Result<void> write_table(std::int64_t position);
  std::optional<ColdPlace> cold_place(std::int64_t position) const;
  Result<bool> may_drop_first(milliseconds keep) const;
  Result<int> drop(int limit, const std::function<Result<bool>()>& may);
  LogPosition copy_ahead() const;
  void raise_floors();
  Result<void> spare_the_disk(std::int32_t force_ratio);
  void look_at_space();
  Result<void> finish_clean();

  Disk& disk_;
  Clock& clock_;
  const StoreOptions options_;
  std::unique_ptr<File> lock_;
  SegmentSet segments_;
  IndexFiles index_files_;
  QueueRegistry registry_;
  CommitLog log_;
  KeyBuilder keys_;
  KeptFiles kept_files_;
  Compactor compactor_;
  Keeper keeper_;
  mutable ColdWindows cold_;
  std::int64_t checked_from_ = 0;  ///< what lies from there on was checked at the start, or is new
  std::mutex maintenance_;         ///< one maintenance at a time; guards what follows
  Checkpoint checkpoint_;          ///< as last written
  UnwrittenQueues unwritten_{log_.tail()};
  std::int64_t kept_ = 0;              ///< so many entries they had when they were last counted,
                                       ///< without what came into files since (or a bit more)
  std::int64_t kept_when_placed_ = 0;  ///< and so many the log's tail had placed then
  SteadyTime last_sync_{}, last_table_{};
  std::int64_t table_position_ = -1;  ///< of the queue table on the disk; -1: none that is good
  std::int64_t table_bytes_ = 0, table_rows_ = 0;
  std::int64_t table_when_placed_ = 0;  ///< so many entries the log's tail had placed
  std::optional<Error> index_failure_;  ///< of a sync of index files: final
  bool closed_ = false;
  std::function<bool(LogPosition)> needed_;  ///< whether something below is
  std::atomic<bool> refusing_{false};
  mutable std::mutex refusal_mutex_;  ///< guards refusal_
  std::string refusal_;               ///< why producers may not write
};

}  // namespace sluice::store
