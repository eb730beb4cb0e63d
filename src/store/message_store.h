#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/disk.h"
#include "store/key_file.h"
#include "store/retention.h"
#include "wire/record/record.h"

/// Commit log and queue indexes of one broker, in Apache RocketMQ's files.
///
/// Positions of the log, each at most the one before:
///   end        bytes that have an offset and a place
///   written    in the page cache: a killed process loses nothing below
///   flushed    on stable storage: a power cut loses nothing below
///   confirmed  what readers see and writers are answered for: written, or flushed with sync_flush
namespace sluice::store {

/// What a queue's index keeps of a record beside its place.
using TagsCodeFn = std::function<std::int64_t(const wire::record::Decoded&)>;

struct StoreOptions {
  std::string root;                                ///< storePathRootDir
  std::int64_t segment_bytes = 1LL << 30;          ///< mappedFileSizeCommitLog
  std::int64_t index_file_bytes = 300'000LL * 20;  ///< mappedFileSizeConsumeQueue
  std::int64_t tail_bytes = 8LL << 20;             ///< memory between append and write
  bool sync_flush = false;                         ///< flushDiskType=SYNC_FLUSH
  wire::record::Host store_host;                   ///< goes into every record
  KeyFileShape keys;                               ///< of the key index's files
  std::int64_t few_queues = 1000;  ///< with new entries: beyond, those with few wait for more
  /// So many entries wait altogether: 20 bytes each in the queue table, up to twice that in memory.
  std::int64_t unwritten_entries = 2LL << 20;
  /// None waits longer than this much of the log: a start without the queue table reads it.
  std::int64_t files_behind = 4LL << 30;
  /// While they are written, how much of the log may be safe without the checkpoint saying so.
  std::int64_t flushed_behind = 64LL << 20;
  SpaceLimits space;                             ///< past them accepts() says no
  milliseconds compact_every{900'000};           ///< a queue, at most so often
  std::int64_t compact_keys_bytes = 16LL << 20;  ///< memory for the keys of one compaction
  std::int64_t kept_part_bytes = 256LL << 20;    ///< of a file with what the log dropped, about
  /// Whether records that name light queues (wire/record/light_queues.h) are in them, too: what
  /// recovery builds again must agree with what append made of Pending::also.
  bool light_queues = false;
  std::int64_t cold_bytes = 32LL << 20;  ///< memory for what readers need from the disk
  /// A start goes on behind damage below what was flushed, instead of ending there.
  bool pass_over_damage = false;
  /// What the index keeps for a record, when recovery has to build its entry again; must agree with
  /// what append makes of Pending::tags_code. Without it: the hash of TAGS.
  TagsCodeFn tags_code_of;
};

class Segment;

/// One entry of a queue's index.
struct IndexEntry {
  LogPosition position;
  std::int32_t size = 0;
  std::int64_t tags_code = 0;
};
inline constexpr std::int32_t kIndexEntryBytes = 20;
/// The size that says "no message here": before the first one of a queue that starts late (Apache,
/// with position 0), and where a message was lost (with the position of the next).
inline constexpr std::int32_t kBlankEntrySize = 0x7FFFFFFF;

/// One queue: the index of its messages. Any thread.
class Queue {
 public:
  virtual ~Queue() = default;
  virtual const std::string& topic() const = 0;
  virtual QueueId id() const = 0;
  /// The first offset whose record is still in the log.
  virtual QueueOffset min() const = 0;
  /// One past the last confirmed offset. Atomic, sequentially consistent: a reader that parks sets
  /// its mark, then asks again; a writer publishes, then looks for marks.
  virtual QueueOffset max() const = 0;
  /// Up to `to.size()` entries from `from` on, none at or past max(), none behind a message that
  /// compaction took away. Gives the number read. Errors: io_error, corrupt.
  virtual Result<std::size_t> read(QueueOffset from, std::span<IndexEntry> to) const = 0;
  /// The same, but nothing where the disk would have to be waited for.
  virtual Result<std::optional<std::size_t>> read_now(QueueOffset from,
                                                      std::span<IndexEntry> to) const {
    SLUICE_TRY(const std::size_t count, read(from, to));
    return count;
  }
  /// The first offset from `from` on that compaction has left a message at: where to go on when
  /// read() gave nothing before max(). In all other queues it is `from`.
  virtual QueueOffset first_from(QueueOffset from) const { return from; }
};

/// Other queues that get an entry for the same record. append writes the record's offset in each of
/// them into `properties`, as kOffsetDigits digits from `offsets` on, with a comma between.
struct LightQueues {
  std::vector<std::shared_ptr<Queue>> queues;
  std::string properties;  ///< of the message, all of them
  std::size_t offsets = 0;
};

/// Positions of records that are kept beside the log are no positions of the log.
inline constexpr std::int64_t kCompactedBit = std::int64_t{1} << 62;
inline bool is_compacted(LogPosition position) { return position.value >= kCompactedBit; }

/// One message to append; the views live until append returns. append fills in the last four.
struct Pending {
  Queue* queue = nullptr;
  wire::record::Message message;
  std::int64_t tags_code = 0;
  LightQueues* also = nullptr;  ///< message.properties is then a view of also->properties
  bool after_store = false;     ///< tags_code counts from the store time: the index keeps the sum
  std::int32_t size = 0;        ///< record::encoded_size, by the caller
  std::uint32_t crc = 0;        ///< record::body_crc, by the caller
  QueueOffset offset;
  LogPosition position;
};

/// Bytes of the log that stay valid while `owner` lives.
struct Slice {
  Bytes bytes;
  std::shared_ptr<const void> owner;
};

/// What to find by key.
struct KeyQuery {
  std::string_view topic, key;
  bool unique_only = false;  ///< the key is a UNIQ_KEY; otherwise also words of KEYS count
  std::int64_t from_ms = 0, to_ms = 0;  ///< store time, both included
  std::int32_t max = 0;
};
struct KeyResult {
  std::vector<Slice> records;  ///< the newest that match, oldest first
  bool complete = true;        ///< false: the bounds ended the search; a narrower time range helps
  std::int64_t last_ms = 0;    ///< of the last record that the index knows: store time
  LogPosition last;            ///< and where it lies
};

/// Called after confirmed() has moved, or flush_health() has changed, by the thread that did it,
/// with no lock held.
using ConfirmedFn = std::function<void(LogPosition)>;

class MessageStore {
 public:
  /// Opens or creates the store: takes the folder's lock, recovers the log's tail and the queue
  /// indexes. Errors: in_use (names the lock), corrupt (names file, position and what to do),
  /// io_error, disk_full.
  static Result<std::unique_ptr<MessageStore>> open(Disk& disk, Clock& clock, StoreOptions options);
  virtual ~MessageStore() = default;

  /// The queue, made when it does not exist yet. Cheap after the first call; never null.
  virtual std::shared_ptr<Queue> queue(std::string_view topic, QueueId id) = 0;
  /// From now on the topic's queues keep the newest message of each key (KEYS), whatever the log
  /// drops. Said at each start, before apply().
  virtual void compact_topic(std::string_view /*topic*/) {}
  /// From now on a topic's messages are kept by this rule; without one, as the log keeps them. Said
  /// at each start, before apply().
  virtual void retain_topic(std::string_view /*topic*/, std::optional<TopicRetention> /*rule*/) {}
  /// Does about so many bytes of both's work. True: more waits. Called from time to time by a
  /// thread of the rim, which so decides how fast it goes. Failures are logged and tried again.
  virtual bool compact(std::int64_t /*bytes*/) { return false; }
  /// Forgets a topic's queues and removes their index files. Records stay in the log.
  virtual Result<void> remove_topic(std::string_view topic) = 0;
  /// Topic and id of every queue that has an index.
  virtual std::vector<std::shared_ptr<Queue>> queues() const = 0;
  /// The same of one topic. With very many queues much cheaper than to look for its own among all.
  virtual std::vector<std::shared_ptr<Queue>> queues_of(std::string_view topic) const = 0;

  /// Appends all of `batch` in order (consecutively in the log; a batch may span segments). On
  /// return the records are written (not necessarily flushed). Gives the position that confirmed()
  /// must reach before anybody is told; without sync_flush it has reached it already, and the
  /// queues' max() shows the messages. Thread-safe. Errors: disk_full (maintain() goes on when
  /// there is space again), io_error (the log then takes no further append), message_illegal,
  /// closed. On error nothing of the batch is visible.
  virtual Result<LogPosition> append(std::span<Pending> batch) = 0;

  /// Whoever waits for confirmed() is told through `fn`. Set once, before the first append.
  virtual void on_confirmed(ConfirmedFn fn) = 0;

  /// The `size` bytes at `position`. Errors: not_found (below min or past confirmed), corrupt.
  virtual Result<Slice> read(LogPosition position, std::int32_t size) const = 0;
  /// The same for who must not wait for the disk nor serve what is damaged: nothing where the
  /// bytes are not in memory, or are from before this start and were not checked since. They must
  /// be whole records. read_checked() on a thread that may wait then brings them. Errors: as read.
  virtual Result<std::optional<Slice>> read_now(LogPosition position, std::int32_t size) const {
    SLUICE_TRY(Slice slice, read(position, size));
    return slice;
  }
  /// The one record there, from the disk if need be, and checked by its CRC. `ahead`: those behind
  /// it are wanted next. Errors: as read; corrupt names file, position and what is wrong.
  virtual Result<Slice> read_checked(LogPosition position, std::int32_t size, bool ahead) const {
    static_cast<void>(ahead);
    return read(position, size);
  }
  /// The record at `position`, whatever its size; checked to be a record.
  virtual Result<Slice> read_record(LogPosition position) const = 0;

  /// A position's file is named by the multiple of this at or before it.
  virtual std::int64_t segment_bytes() const { return StoreOptions{}.segment_bytes; }
  virtual LogPosition min_position() const = 0;
  virtual LogPosition end() const = 0;
  virtual LogPosition flushed() const = 0;
  virtual LogPosition confirmed() const = 0;

  enum class Boundary : std::uint8_t { lower, upper };
  /// Offset by store time, with RocketMQ's rules: later than the last message: lower gives max(),
  /// upper the last; earlier than the first: lower the first, upper 0; equal times: lower the first
  /// of them, upper the last; in a gap: lower the right neighbour, upper the left.
  virtual Result<QueueOffset> offset_at(const Queue& queue, WallTime time,
                                        Boundary boundary) const = 0;
  /// Store time of the message at `offset`. Errors: not_found.
  virtual Result<WallTime> store_time(const Queue& queue, QueueOffset offset) const = 0;

  /// Messages with a key, by the key index, which is a bit behind the log. Bounded: at most 64
  /// messages, the newest in the time range; 20,000 entries and 256 records are looked at,
  /// and 12 MiB given.
  virtual Result<KeyResult> find_by_key(const KeyQuery& query) const = 0;
  /// Takes keys of what was confirmed since into the key index, up to 64 MiB of the log. True: more
  /// waits. Called about every 100 ms by a thread of the rim. Failures are logged and tried again.
  virtual bool index_keys() = 0;

  /// Flushes the log, then writes index entries below the flushed position and the checkpoint.
  /// Called about once a second by a thread of the rim. Errors are kept: see health().
  virtual void maintain() = 0;
  /// sync_flush only: waits until somebody appends (or `stop_flushing`), then flushes once for
  /// everybody that waits. Run in a loop by one thread of the rim; false once stop_flushing was
  /// called.
  virtual bool flush_waiting() = 0;
  virtual void stop_flushing() = 0;
  /// Flushes the log and nothing else, so that it is not late when maintain() has much to do.
  /// Called twice a second by a thread of its own. Errors are kept: see health().
  virtual void flush_log() = 0;
  /// Asked, with no lock that an append needs, before a segment is dropped whether something below
  /// that position is still needed: then the segment stays. Set once, before the first drop.
  virtual void keep_while(std::function<bool(LogPosition below)> needed) = 0;
  /// Drops segments by the rules, oldest first, never the last nor more than `limit`. `hour`: of
  /// the local day. Appends and reads go on meanwhile.
  virtual Result<int> apply(const Retention& rules, int hour, int limit) = 0;
  /// Drops segments whose last write is older than `keep`, oldest first, never the last; at most
  /// `limit`.
  virtual Result<int> drop_older_than(milliseconds keep, int limit) = 0;

  /// Why appends fail, if they do.
  virtual Result<void> health() const = 0;
  /// Whether producers may write: not while the disk is too full (disk_full; the text names path,
  /// use, limit and what to do). Cheap. Append itself still takes what the broker must note.
  virtual Result<void> accepts() const = 0;
  /// Why nothing more will be confirmed of what was appended, if so: a flush has failed.
  virtual Result<void> flush_health() const = 0;
  virtual Result<Disk::Space> space() const = 0;

  /// Flushes everything, writes the checkpoint and removes the abort mark. No append may follow.
  virtual Result<void> close() = 0;
};

}  // namespace sluice::store
