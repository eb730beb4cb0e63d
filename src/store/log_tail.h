#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/log_queue.h"
#include "store/message_store.h"
#include "store/ring.h"

namespace sluice::store {

/// Bytes for one place of the log, in the ring or in `large`.
struct Run {
  std::int64_t position = 0;
  const std::byte* bytes = nullptr;
  std::int64_t size = 0;
};

/// A queue whose messages up to `max` lie in what is being written.
struct Publication {
  LogQueue* queue = nullptr;
  QueueOffset max;
};

/// What has a place but is not written yet, taken together for one group write.
struct Group {
  std::vector<Run> runs;
  std::vector<Publication> queues;
  std::int64_t end = 0;       ///< of the log, when all runs are written
  std::int64_t ring_end = 0;  ///< for LogTail::release
  std::int64_t store_ms = 0;  ///< of the last record
  void clear() {
    runs.clear();
    queues.clear();
  }
};

/// The end of the log, in memory: gives messages their offset and place and encodes them, under one
/// mutex and without system calls. Somebody else takes groups and writes them; one group is out at
/// a time.
class LogTail {
 public:
  LogTail(std::int64_t ring_bytes, std::int64_t segment_bytes,
          const wire::record::Host& store_host);

  /// Where appending goes on; before the first append.
  void start(std::int64_t end, std::int64_t store_ms);

  enum class Placed : std::uint8_t {
    yes,        ///< `end` is what must be written
    no_room,    ///< take and write a group, then try again
    too_large,  ///< for the ring, ever: use place_large
  };
  struct Outcome {
    Placed placed;
    std::int64_t end = 0;
    std::uint64_t generation = 0;  ///< for survived()
  };
  /// All of the batch or nothing. Errors: what refuse() was given, message_illegal, not_found
  /// (removed queue).
  Result<Outcome> place(std::span<Pending> batch, WallTime now);
  /// The same for any size, encoded into `memory`, as the last part of `group`, which must be out.
  Result<std::int64_t> place_large(std::span<Pending> batch, WallTime now, Group& group,
                                   std::unique_ptr<std::byte[]>& memory);

  /// Moves everything placed so far into `group`, which is empty.
  void take(Group& group);
  /// The group is written: its part of the ring is free again.
  void release(const Group& group);

  /// Every later append fails with `why`. The first one stays.
  void refuse(const Error& why);
  /// Takes back everything from `end` on that has a place, also what is in `group`: it could not be
  /// written for `why`. Appends fail with that until resume(). Begins a new generation.
  void take_back(std::int64_t end, Group& group, const Error& why);
  void resume();
  bool paused() const;
  /// Whether what was placed in `generation` and ends at `end` was not taken back.
  bool survived(std::uint64_t generation, std::int64_t end) const;
  Result<void> health() const;

  std::int64_t end() const { return end_published_.load(std::memory_order_acquire); }

  /// LogQueue::let_go().
  bool let_go(LogQueue& queue);
  /// Queues that have got a first entry in memory since, or many (LogQueue::push).
  std::vector<std::shared_ptr<LogQueue>> take_dirty();
  void add_dirty(std::vector<std::shared_ptr<LogQueue>> queues);
  /// How many entries were made since the start.
  std::int64_t entries() const;
  void mark_removed(LogQueue& queue);

 private:
  struct Writer;
  static void warm(std::span<const Pending> batch);
  Result<void> reason() const;
  Result<void> check(std::span<const Pending> batch) const;
  std::int64_t bytes_needed(std::span<const Pending> batch) const;
  void place_all(std::span<Pending> batch, WallTime now, Writer& writer, Group& group);
  void place_one(Pending& pending, Writer& writer, Group& group);
  void add_entry(LogQueue& queue, const IndexEntry& entry, Group& group);
  void close_segment(Writer& writer, Group& group);
  void add_run(std::byte* bytes, std::int64_t size, Group& group);

  const std::int64_t segment_bytes_;
  const wire::record::Host store_host_;
  mutable std::mutex mutex_;  ///< the tail mutex; guards what follows
  Ring ring_;
  std::int64_t ring_begin_ = 0, ring_end_ = 0;
  std::int64_t end_ = 0;
  Group next_;
  std::optional<Error> refusal_, pause_;
  std::vector<std::int64_t> generation_ends_;  ///< where each earlier generation was cut
  std::atomic<std::uint64_t> generation_{0};
  std::vector<std::shared_ptr<LogQueue>> dirty_;
  std::int64_t entries_ = 0;
  std::atomic<std::int64_t> end_published_{0};
};

}  // namespace sluice::store
