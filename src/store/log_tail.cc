#include "store/log_tail.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "wire/record/light_queues.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::int64_t kClockJitterMs = 1000;

// Where a queue's next entry goes is asked for so many messages before: each takes some hundred
// nanoseconds.
constexpr std::size_t kWarmAhead = 3;

void warm_entry(const Pending& pending) {
  if (pending.queue != nullptr) static_cast<const LogQueue*>(pending.queue)->warm_entry();
}

bool takes_nothing(const Queue* queue) {
  return queue != nullptr && static_cast<const LogQueue*>(queue)->removed();
}

bool takes_nothing(const Pending& pending) {
  if (takes_nothing(pending.queue)) return true;
  return pending.also != nullptr &&
         std::ranges::any_of(pending.also->queues,
                             [](const auto& queue) { return takes_nothing(queue.get()); });
}

/// The record says where it lies in the light queues.
void write_offsets(LightQueues& also) {
  char* to = also.properties.data() + also.offsets;
  for (const auto& queue : also.queues) {
    record::write_offset(static_cast<const LogQueue&>(*queue).next(), to);
    to += record::kOffsetDigits + 1;
  }
}

}  // namespace

/// Hands out contiguous memory.
struct LogTail::Writer {
  std::byte* at;
  std::byte* take(std::int64_t n) { return std::exchange(at, at + n); }
};

LogTail::LogTail(std::int64_t ring_bytes, std::int64_t segment_bytes,
                 const record::Host& store_host)
    : segment_bytes_(segment_bytes), store_host_(store_host), ring_(ring_bytes) {}

void LogTail::start(std::int64_t end, std::int64_t store_ms) {
  const std::lock_guard guard(mutex_);
  end_ = end;
  next_.store_ms = store_ms;
  end_published_.store(end, std::memory_order_release);
}

Result<void> LogTail::check(std::span<const Pending> batch) const {
  SLUICE_CHECK(reason());
  for (const Pending& pending : batch) {
    if (pending.size <= 0 || pending.size + record::kBlankSize > segment_bytes_) {
      return fail(Errc::message_illegal,
                  fmt::format("a record of {} bytes does not fit into a log file of {} bytes",
                              pending.size, segment_bytes_));
    }
    if (takes_nothing(pending)) return fail(Errc::not_found, "the topic was removed");
  }
  return {};
}

std::int64_t LogTail::bytes_needed(std::span<const Pending> batch) const {
  std::int64_t bytes = 0;
  std::int64_t left = segment_bytes_ - end_ % segment_bytes_;
  for (const Pending& pending : batch) {
    if (pending.size + record::kBlankSize > left) {
      bytes += record::kBlankSize;
      left = segment_bytes_;
    }
    bytes += pending.size;
    left -= pending.size;
  }
  return bytes;
}

void LogTail::add_run(std::byte* bytes, std::int64_t size, Group& group) {
  if (!group.runs.empty() && end_ % segment_bytes_ != 0) {
    Run& last = group.runs.back();
    if (last.position + last.size == end_ && last.bytes + last.size == bytes) {
      last.size += size;
      return;
    }
  }
  group.runs.push_back({.position = end_, .bytes = bytes, .size = size});
}

void LogTail::close_segment(Writer& writer, Group& group) {
  const std::int64_t left = segment_bytes_ - end_ % segment_bytes_;
  std::byte* to = writer.take(record::kBlankSize);
  record::encode_blank(static_cast<std::int32_t>(left), to);
  add_run(to, record::kBlankSize, group);
  end_ += left;
}

void LogTail::place_one(Pending& pending, Writer& writer, Group& group) {
  if (pending.size + record::kBlankSize > segment_bytes_ - end_ % segment_bytes_) {
    close_segment(writer, group);
  }
  auto* queue = static_cast<LogQueue*>(pending.queue);
  const bool indexed = queue != nullptr && is_indexed(pending.message.sys_flag);
  pending.position = LogPosition(end_);
  pending.offset = indexed ? queue->next() : QueueOffset(0);
  if (pending.also != nullptr) write_offsets(*pending.also);
  std::byte* to = writer.take(pending.size);
  record::encode(pending.message,
                 {.offset = pending.offset,
                  .position = pending.position,
                  .store_ms = group.store_ms,
                  .store_host = store_host_},
                 pending.crc, to);
  add_run(to, pending.size, group);
  end_ += pending.size;
  if (!indexed) return;
  const IndexEntry entry{
      .position = pending.position,
      .size = pending.size,
      .tags_code = pending.tags_code + (pending.after_store ? group.store_ms : 0)};
  add_entry(*queue, entry, group);
  if (pending.also == nullptr) return;
  for (const auto& other : pending.also->queues) {
    add_entry(static_cast<LogQueue&>(*other), entry, group);
  }
}

void LogTail::add_entry(LogQueue& queue, const IndexEntry& entry, Group& group) {
  ++entries_;
  if (queue.push(entry)) dirty_.push_back(queue.shared_from_this());
  if (group.queues.empty() || group.queues.back().queue != &queue)
    group.queues.push_back({&queue, {}});
  group.queues.back().max = queue.next();
}

void LogTail::place_all(std::span<Pending> batch, WallTime now, Writer& writer, Group& group) {
  // Threads ask the clock before they get here; the order of the log hides that. A clock set back
  // is followed.
  const std::int64_t back = group.store_ms - unix_ms(now);
  if (back < 0 || back > kClockJitterMs) group.store_ms = unix_ms(now);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (i + kWarmAhead < batch.size()) warm_entry(batch[i + kWarmAhead]);
    place_one(batch[i], writer, group);
  }
  end_published_.store(end_, std::memory_order_release);
}

/// With very many queues, none of a batch's is in a cache: so they all come at the same time.
void LogTail::warm(std::span<const Pending> batch) {
  for (const Pending& pending : batch) {
    if (pending.queue != nullptr) static_cast<const LogQueue*>(pending.queue)->warm();
  }
}

Result<LogTail::Outcome> LogTail::place(std::span<Pending> batch, WallTime now) {
  warm(batch);
  const std::lock_guard guard(mutex_);
  SLUICE_CHECK(check(batch));
  const std::int64_t needed = bytes_needed(batch);
  if (needed > ring_.size() / 2) return Outcome{Placed::too_large};
  if (ring_end_ + needed - ring_begin_ > ring_.size()) {
    return Outcome{Placed::no_room, end_, generation_};
  }
  Writer writer{ring_.at(ring_end_)};
  place_all(batch, now, writer, next_);
  ring_end_ += needed;
  return Outcome{Placed::yes, end_, generation_};
}

Result<std::int64_t> LogTail::place_large(std::span<Pending> batch, WallTime now, Group& group,
                                          std::unique_ptr<std::byte[]>& memory) {
  const std::lock_guard guard(mutex_);
  SLUICE_CHECK(check(batch));
  const std::int64_t needed = bytes_needed(batch);
  memory = std::make_unique_for_overwrite<std::byte[]>(static_cast<std::size_t>(needed));
  group.runs.swap(next_.runs);
  group.queues.swap(next_.queues);
  group.store_ms = next_.store_ms;
  Writer writer{memory.get()};
  place_all(batch, now, writer, group);
  next_.store_ms = group.store_ms;
  group.end = end_;
  group.ring_end = ring_end_;
  return end_;
}

void LogTail::take(Group& group) {
  SLUICE_ASSERT(group.runs.empty() && group.queues.empty());
  const std::lock_guard guard(mutex_);
  group.runs.swap(next_.runs);
  group.queues.swap(next_.queues);
  group.end = end_;
  group.ring_end = ring_end_;
  group.store_ms = next_.store_ms;
}

void LogTail::release(const Group& group) {
  const std::lock_guard guard(mutex_);
  ring_begin_ = group.ring_end;
  // Nobody is in it: begin again at the front, whose memory is still in the processor's cache.
  if (ring_begin_ == ring_end_) ring_begin_ = ring_end_ = 0;
}

void LogTail::refuse(const Error& why) {
  const std::lock_guard guard(mutex_);
  if (!refusal_) refusal_.emplace(why.code(), std::string(why.remark()));
}

Result<void> LogTail::health() const {
  const std::lock_guard guard(mutex_);
  return reason();
}

Result<void> LogTail::reason() const {
  const std::optional<Error>& why = refusal_ ? refusal_ : pause_;
  return why ? Result<void>(fail(why->code(), std::string(why->remark()))) : Result<void>();
}

void LogTail::take_back(std::int64_t end, Group& group, const Error& why) {
  const std::lock_guard guard(mutex_);
  for (const Group* part : {&group, &next_}) {
    for (const Publication& row : part->queues) row.queue->take_back(LogPosition(end));
  }
  group.clear();
  next_.clear();
  ring_begin_ = ring_end_ = 0;
  end_ = end;
  end_published_.store(end, std::memory_order_release);
  pause_.emplace(why.code(), std::string(why.remark()));
  generation_ends_.push_back(end);
  ++generation_;
}

void LogTail::resume() {
  const std::lock_guard guard(mutex_);
  pause_.reset();
}

bool LogTail::paused() const {
  const std::lock_guard guard(mutex_);
  return pause_.has_value();
}

bool LogTail::survived(std::uint64_t generation, std::int64_t end) const {
  if (generation_.load() == generation) return true;
  const std::lock_guard guard(mutex_);
  return end <= generation_ends_[generation];
}

bool LogTail::let_go(LogQueue& queue) {
  const std::lock_guard guard(mutex_);
  return queue.let_go();
}

std::vector<std::shared_ptr<LogQueue>> LogTail::take_dirty() {
  const std::lock_guard guard(mutex_);
  return std::exchange(dirty_, {});
}

void LogTail::add_dirty(std::vector<std::shared_ptr<LogQueue>> queues) {
  const std::lock_guard guard(mutex_);
  if (queues.size() > dirty_.size()) dirty_.swap(queues);
  for (auto& queue : queues) dirty_.push_back(std::move(queue));
}

std::int64_t LogTail::entries() const {
  const std::lock_guard guard(mutex_);
  return entries_;
}

void LogTail::mark_removed(LogQueue& queue) {
  const std::lock_guard guard(mutex_);
  queue.mark_removed();
}

}  // namespace sluice::store
