#include "store/commit_log.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/log.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

// Measured (bench/append_bench.cc, ext4): from 64 KiB on larger writes gain nothing, and on a
// machine busy with other work ones of 1 MiB now and then took several times as long per byte.
constexpr std::int64_t kWriteAtOnce = 64 << 10;

// A group write of small messages takes less than a sleep and a wake-up, so whoever finds one under
// way looks this many times before it sleeps.
constexpr int kLooks = 1024, kLooksPerTry = 64;

}  // namespace

CommitLog::CommitLog(SegmentSet& segments, Clock& clock, const StoreOptions& options)
    : segments_(segments),
      clock_(clock),
      sync_flush_(options.sync_flush),
      tail_(options.tail_bytes, options.segment_bytes, options.store_host) {}

void CommitLog::start(std::int64_t end, std::int64_t store_ms) {
  tail_.start(end, store_ms);
  written_ = readable_ = confirmed_ = flushed_ = end;
  written_store_ms_ = store_ms;
  flushed_store_ms_ = store_ms;
}

Result<LogPosition> CommitLog::append(std::span<Pending> batch) {
  const WallTime now = clock_.wall();
  while (true) {
    SLUICE_TRY(LogTail::Outcome outcome, tail_.place(batch, now));
    if (outcome.placed == LogTail::Placed::too_large) {
      SLUICE_CHECK(append_large(batch, outcome.end));
    } else if (outcome.placed == LogTail::Placed::yes) {
      SLUICE_CHECK(write_until(outcome));
    } else {
      SLUICE_CHECK(write_until(outcome));
      continue;
    }
    after_write();
    return LogPosition(outcome.end);
  }
}

/// Readers see it, where they are to see it before a flush.
bool CommitLog::is_written(std::int64_t end) const {
  return (sync_flush_ ? written_ : confirmed_).load(std::memory_order_acquire) >= end;
}

Result<void> CommitLog::check_survived(const LogTail::Outcome& placed) const {
  if (tail_.survived(placed.generation, placed.end)) return {};
  SLUICE_CHECK(tail_.health());
  return fail(Errc::disk_full, "the disk was full when the message was to be written: send again");
}

Result<void> CommitLog::write_until(const LogTail::Outcome& placed) {
  const std::int64_t end = placed.end;
  std::unique_lock guard(write_mutex_, std::defer_lock);
  for (int look = 0; look < kLooks; ++look) {
    if (look % kLooksPerTry == 0 && guard.try_lock()) break;
    if (is_written(end)) return check_survived(placed);
  }
  if (!guard.owns_lock()) guard.lock();
  SLUICE_CHECK(check_survived(placed));
  if (written_.load(std::memory_order_relaxed) >= end) return {};
  SLUICE_CHECK(tail_.health());
  tail_.take(group_);
  return write_group();
}

Result<void> CommitLog::append_large(std::span<Pending> batch, std::int64_t& end) {
  const std::lock_guard guard(write_mutex_);
  std::unique_ptr<std::byte[]> memory;
  SLUICE_TRY(end, tail_.place_large(batch, clock_.wall(), group_, memory));
  return write_group();
}

Result<void> CommitLog::close() {
  const std::lock_guard guard(write_mutex_);
  if (auto health = tail_.health(); !health && !paused()) return health;
  tail_.refuse(Error(Errc::closed, "the store is closed"));
  tail_.take(group_);
  return write_group();
}

Result<void> CommitLog::write_group() {
  auto written = write_runs();
  if (written) {
    hand_over_group();
  } else {
    keep_failure(written.error());
    written = tail_.health();  // with what to do about it, as all later ones get it
  }
  group_.clear();
  return written;
}

Result<void> CommitLog::write_runs() {
  for (const Run& run : group_.runs) {
    SLUICE_TRY(auto segment, segments_.find_or_create(run.position));
    for (std::int64_t done = 0; done < run.size; done += kWriteAtOnce) {
      const auto part = static_cast<std::size_t>(std::min(run.size - done, kWriteAtOnce));
      SLUICE_CHECK(segment->file().write(run.position + done - segment->base(),
                                         Bytes(run.bytes + done, part)));
    }
  }
  return {};
}

/// The log takes nothing more, until resume() if the disk is full. Whatever part of the group
/// reached the file must not come back as messages after a restart, so the first bytes are made to
/// end the log; where not even that page could be written, there is nothing to undo.
void CommitLog::keep_failure(const Error& why) {
  const std::int64_t at = written_.load();
  const bool full = why.code() == Errc::disk_full;
  if (full) {
    constexpr std::string_view kHelp =
        "free space there; messages are taken again as soon as there is some";
    tail_.take_back(at, group_, Error(why.code(), fmt::format("{}: {}", why.remark(), kHelp)));
  } else {
    tail_.refuse(why);
  }
  log::error("log_write_failed", {{"position", at},
                                  {"why", why.remark()},
                                  {"until", full ? "there is space again" : "the next start"}});
  constexpr std::array<std::byte, record::kBlankSize> kEnd{};
  if (auto segment = segments_.find(at)) (void)segment->file().write(at - segment->base(), kEnd);
}

Result<void> CommitLog::resume() {
  const std::lock_guard guard(write_mutex_);
  if (auto done = segments_.cut(written_.load()); !done) {
    if (done.error().code() != Errc::disk_full) tail_.refuse(done.error());
    return done;
  }
  tail_.resume();
  log::info("log_goes_on", {{"position", written_.load()}});
  return {};
}

void CommitLog::hand_over_group() {
  tail_.release(group_);
  written_.store(group_.end);
  written_store_ms_ = group_.store_ms;
  if (sync_flush_) {
    unflushed_.insert(unflushed_.end(), group_.queues.begin(), group_.queues.end());
  } else {
    publish(group_.end, group_.queues);
  }
}

void CommitLog::publish(std::int64_t end, std::span<const Publication> queues) {
  readable_.store(end);
  for (const Publication& row : queues) row.queue->publish(row.max);
  confirmed_.store(end);
}

void CommitLog::after_write() {
  if (sync_flush_) {
    {
      const std::lock_guard guard(wake_mutex_);
    }  // whoever checked before us is waiting now
    wake_.notify_one();
  } else if (confirmed_fn_) {
    confirmed_fn_(confirmed());
  }
}

Result<void> CommitLog::flush() {
  const std::int64_t before = flushed_.load();
  auto done = flush_written();
  if (sync_flush_ && confirmed_fn_ && (!done || flushed_ != before)) confirmed_fn_(confirmed());
  return done;
}

Result<void> CommitLog::flush_written() {
  const std::lock_guard flush_guard(flush_mutex_);
  std::int64_t to = 0, store_ms = 0;
  {
    const std::lock_guard guard(write_mutex_);
    to = written_.load();
    store_ms = written_store_ms_;
    flushing_.swap(unflushed_);
  }
  const std::int64_t from = flushed_.load();
  if (flush_failed_) return tail_.health();
  if (to == from) return {};
  if (auto synced = segments_.sync(from, to); !synced) {
    tail_.refuse(synced.error());
    flush_failed_ = true;
    log::error("log_flush_failed", {{"from", from}, {"why", synced.error().remark()}});
    return synced;
  }
  flushed_store_ms_.store(store_ms);
  flushed_.store(to);
  if (sync_flush_) publish(to, flushing_);
  flushing_.clear();
  return {};
}

bool CommitLog::flush_waiting() {
  {
    std::unique_lock guard(wake_mutex_);
    wake_.wait(guard, [this] { return stopping_ || (written_ != flushed_ && !flush_failed_); });
    if (stopping_) return false;
  }
  (void)flush();  // a failure is kept by the tail
  return true;
}

void CommitLog::stop_flushing() {
  {
    const std::lock_guard guard(wake_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

Result<void> CommitLog::prepare_segment() {
  const std::int64_t at = written_.load();
  const std::int64_t size = segments_.segment_bytes();
  const std::int64_t next = segments_.base_of(at) + size;
  if (at % size <= size / 2 || next != segments_.last_end() || !tail_.health()) return {};
  SLUICE_CHECK(segments_.find_or_create(next));
  return {};
}

Result<void> CommitLog::check_range(LogPosition position, std::int64_t size) const {
  const std::int64_t readable = readable_.load(std::memory_order_acquire);
  if (position.value >= segments_.first() && size > 0 && position.value + size <= readable)
    return {};
  return fail(Errc::not_found, fmt::format("no {} bytes at {}: the log has {} to {}", size,
                                           position.value, segments_.first(), readable));
}

Result<CommitLog::Place> CommitLog::locate(LogPosition position, std::int32_t size) const {
  SLUICE_CHECK(check_range(position, size));
  auto segment = segments_.find(position.value);
  if (segment == nullptr) return fail(Errc::not_found);  // dropped since
  const Bytes rest = segment->from(position.value);
  if (rest.size() < static_cast<std::size_t>(size)) {
    return fail(Errc::corrupt, fmt::format("{} bytes at {} run past the end of {}", size,
                                           position.value, segments_.path_of(position.value)));
  }
  return Place{.segment = std::move(segment), .bytes = rest.first(static_cast<std::size_t>(size))};
}

Result<Slice> CommitLog::read(LogPosition position, std::int32_t size) const {
  SLUICE_TRY(Place place, locate(position, size));
  return Slice{.bytes = place.bytes, .owner = std::move(place.segment)};
}

Result<Slice> CommitLog::read_record(LogPosition position) const {
  SLUICE_TRY(Slice slice, read(position, record::kBlankSize));
  SLUICE_TRY(slice, read(position, std::max(record::peek_size(slice.bytes), record::kBlankSize)));
  const record::Scan scan = record::scan(slice.bytes, record::CrcCheck::verify);
  if (scan.kind == record::Scan::Kind::record && scan.record.placement.position == position) {
    return slice;
  }
  return fail(
      Errc::corrupt,
      fmt::format("{} has no record at {}: {}", segments_.path_of(position.value), position.value,
                  scan.problem.empty() ? "nothing begins there" : scan.problem));
}

}  // namespace sluice::store
