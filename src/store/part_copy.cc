#include "store/part_copy.h"

#include <algorithm>

#include "store/layout.h"

namespace sluice::store {
namespace record = wire::record;

PartCopy::PartCopy(Disk& disk, const CommitLog& log, std::shared_ptr<LogQueue> queue,
                   std::int64_t part_bytes)
    : disk_(disk), log_(log), queue_(std::move(queue)), part_bytes_(part_bytes) {
  if (const auto kept = queue_->kept()) before_ = kept->parts();
  first_taken_ = before_.size();
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

Result<std::size_t> PartCopy::read_entries() {
  const auto left = static_cast<std::size_t>(std::max<std::int64_t>(end_ - at_, 0));
  return queue_->read(at_, std::span(entries_).first(std::min(left, entries_.size())));
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
  if (count > 0) end_ = at_;
  return begin_writing();
}

Result<void> PartCopy::begin_writing() {
  std::int64_t bytes = new_bytes_;
  while (first_taken_ > 0) {
    const std::int64_t more = before_[first_taken_ - 1]->bytes();
    if (more > bytes || bytes + more > part_bytes_) break;
    bytes += more;
    --first_taken_;
  }
  part_ = first_taken_;
  at_ = begin_;
  folder_ = queue_folder_ + '/' + file_name(end_.value);
  SLUICE_TRY(writer_, CompactedWriter::start(disk_, folder_, end_));
  phase_ = Phase::taking;
  return {};
}

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
  SLUICE_TRY(const CompactedRow row, part.row(row_));
  SLUICE_TRY(const Bytes bytes, part.read(row.at, row.size));
  ++row_;
  budget -= row.size;
  return writer_->add(row, bytes);
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
  if (entry.size == kBlankEntrySize) return {};
  const auto found = log_.read(entry.position, entry.size);
  const auto scan = found ? record::scan(found->bytes, record::CrcCheck::verify) : record::Scan();
  const bool whole = scan.kind == record::Scan::Kind::record && scan.record.size == entry.size &&
                     scan.record.placement.position == entry.position;
  if (!whole) return ++lost_, Result<void>();
  return writer_->add({.offset = offset, .tags_code = entry.tags_code}, found->bytes);
}

}  // namespace sluice::store
