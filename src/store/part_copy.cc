#include "store/part_copy.h"

#include <algorithm>

#include "base/log.h"
#include "store/layout.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

// Parts that are smaller are taken in whatever is new, so that small queues have few.
constexpr std::int64_t kSmall = 128 << 10;

}  // namespace

PartCopy::PartCopy(Disk& disk, const CommitLog& log, std::shared_ptr<LogQueue> queue,
                   std::int64_t part_bytes)
    : disk_(disk), log_(log), queue_(std::move(queue)), part_bytes_(part_bytes) {
  const auto kept = queue_->kept();
  if (kept && kept->kind() == Kept::Kind::behind_log) before_ = kept->parts();
  first_taken_ = before_.size();
}

PartCopy::~PartCopy() {
  if (kept_ || folder_.empty() || !disk_.exists(folder_)) return;
  if (auto done = remove_kept(disk_, folder_); !done) {
    log::warn("copy_not_removed", {{"folder", folder_}, {"why", done.error().remark()}});
  }
}

Result<std::unique_ptr<PartCopy>> PartCopy::start(Disk& disk, const CommitLog& log,
                                                  std::shared_ptr<LogQueue> queue,
                                                  const std::string& folder, LogPosition below,
                                                  std::int64_t part_bytes) {
  std::unique_ptr<PartCopy> made(new PartCopy(disk, log, std::move(queue), part_bytes));
  made->queue_folder_ = folder;
  const QueueOffset kept = made->before_.empty() ? QueueOffset(0) : made->before_.back()->upto();
  made->begin_ = made->at_ = std::max({kept, made->queue_->log_min(), made->queue_->floor()});
  SLUICE_TRY(made->end_, made->queue_->first_at(below));
  return made;
}

Result<bool> PartCopy::step(std::int64_t& budget) {
  while (budget > 0 && phase_ != Phase::done) {
    switch (phase_) {
      case Phase::measuring: SLUICE_CHECK(measure(budget)); break;
      case Phase::taking: SLUICE_CHECK(take(budget)); break;
      case Phase::adding: SLUICE_CHECK(add(budget)); break;
      case Phase::done: break;
    }
  }
  return phase_ == Phase::done;
}

/// Where messages have expired meanwhile, or the log has gone, nothing is left to copy.
Result<std::size_t> PartCopy::read_entries() {
  at_ = std::max({at_, queue_->log_min(), queue_->floor()});
  if (at_ >= end_) return 0;
  const auto left = static_cast<std::size_t>(end_ - at_);
  SLUICE_TRY(const std::size_t count,
             queue_->read(at_, std::span(entries_).first(std::min(left, entries_.size()))));
  if (count > 0) return count;
  return fail(Errc::io_error,
              fmt::format("the index of queue {} of {} ends at {}, not at {}", queue_->id().value,
                          queue_->topic(), at_.value, end_.value));
}

/// How much of it fits into one part.
Result<void> PartCopy::measure(std::int64_t& budget) {
  SLUICE_TRY(const std::size_t count, read_entries());
  budget -= static_cast<std::int64_t>(count) * kIndexEntryBytes;
  for (const IndexEntry& entry : std::span(entries_).first(count)) {
    if (new_bytes_ >= part_bytes_) break;
    if (entry.size != kBlankEntrySize) new_bytes_ += entry.size;
    at_ += 1;
  }
  if (count > 0 && at_ < end_ && new_bytes_ < part_bytes_) return {};
  end_ = std::min(end_, at_);
  const bool expired = std::max(queue_->log_min(), queue_->floor()) >= end_;
  if (!expired) return begin_writing();
  phase_ = Phase::done;
  return {};
}

Result<void> PartCopy::begin_writing() {
  std::int64_t bytes = new_bytes_;
  while (first_taken_ > 0) {
    const std::int64_t more = before_[first_taken_ - 1]->bytes();
    const bool worth_it = more <= bytes || bytes + more <= kSmall;
    if (!worth_it || bytes + more > part_bytes_) break;
    bytes += more;
    --first_taken_;
  }
  folder_ = queue_folder_ + '/' + file_name(end_.value);
  if (disk_.exists(folder_)) SLUICE_CHECK(remove_kept(disk_, folder_));  // of a copy that failed
  return start_writer();
}

Result<void> PartCopy::start_writer() {
  SLUICE_TRY(writer_, CompactedWriter::start(disk_, folder_, end_));
  part_ = first_taken_;
  row_ = 0;
  at_ = begin_;
  phase_ = Phase::taking;
  return {};
}

/// A part with a damaged table stays as it is, and names the damage to who reads it.
Result<void> PartCopy::take(std::int64_t& budget) {
  if (part_ == before_.size()) {
    phase_ = Phase::adding;
    return {};
  }
  const Compacted& part = *before_[part_];
  if (row_ == part.count()) {
    ++part_;
    row_ = 0;
    return {};
  }
  const auto row = part.row(row_);
  const auto bytes = row ? part.read(row->at, row->size) : fail(Errc::corrupt);
  if (!bytes) {
    first_taken_ = before_.size();
    return start_writer();
  }
  ++row_;
  budget -= row->size;
  return writer_->add(*row, *bytes);
}

Result<void> PartCopy::add(std::int64_t& budget) {
  SLUICE_TRY(const std::size_t count, read_entries());
  if (count == 0) {
    SLUICE_CHECK(writer_->commit());
    phase_ = Phase::done;
    return {};
  }
  for (const IndexEntry& entry : std::span(entries_).first(count)) {
    if (budget <= 0) return {};
    budget -= kIndexEntryBytes + (entry.size == kBlankEntrySize ? 0 : entry.size);
    SLUICE_CHECK(add(at_, entry));
    at_ += 1;
  }
  return {};
}

/// A damaged record is not taken along as a good one.
Result<void> PartCopy::add(QueueOffset offset, const IndexEntry& entry) {
  if (entry.size == kBlankEntrySize || is_compacted(entry.position)) return {};
  const auto found = log_.read(entry.position, entry.size);
  const auto scan = found ? record::scan(found->bytes, record::CrcCheck::verify) : record::Scan();
  const bool whole = scan.kind == record::Scan::Kind::record && scan.record.size == entry.size &&
                     scan.record.placement.position == entry.position;
  if (!whole) return ++lost_, Result<void>();
  return writer_->add({.offset = offset, .tags_code = entry.tags_code}, found->bytes);
}

}  // namespace sluice::store
