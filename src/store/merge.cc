#include "store/merge.h"

#include <algorithm>

namespace sluice::store {
namespace record = wire::record;
namespace {

std::shared_ptr<const Compacted> compacted_before(const LogQueue& queue) {
  const auto kept = queue.kept();
  return kept ? kept->parts().front() : nullptr;
}

}  // namespace

Merge::Merge(Disk& disk, const CommitLog& log, std::shared_ptr<LogQueue> queue, std::string folder,
             std::int64_t keys_bytes)
    : disk_(disk),
      log_(log),
      queue_(std::move(queue)),
      folder_(std::move(folder)),
      before_(compacted_before(*queue_)),
      keys_(keys_bytes),
      begin_(std::max(before_ ? before_->upto() : QueueOffset(0), queue_->log_min())),
      end_(queue_->max()),
      at_(begin_),
      flushed_(log.flushed()) {}

Result<bool> Merge::step(std::int64_t bytes) {
  budget_ = bytes;
  while (budget_ > 0 && phase_ != Phase::done) {
    switch (phase_) {
      case Phase::noting: SLUICE_CHECK(note()); break;
      case Phase::keeping: SLUICE_CHECK(keep()); break;
      case Phase::adding: SLUICE_CHECK(add()); break;
      case Phase::done: break;
    }
  }
  return phase_ == Phase::done;
}

Result<std::size_t> Merge::read_entries() {
  const auto left = static_cast<std::size_t>(std::max<std::int64_t>(end_ - at_, 0));
  return queue_->read(at_, std::span(entries_).first(std::min(left, entries_.size())));
}

/// Nothing where the log has no record any more, or none that is whole.
std::optional<record::Decoded> Merge::record_of(const IndexEntry& entry, Slice& slice) const {
  auto found = log_.read(entry.position, entry.size);
  if (!found) return std::nullopt;
  slice = std::move(*found);
  record::Scan scan = record::scan(slice.bytes, record::CrcCheck::skip);
  if (scan.kind != record::Scan::Kind::record) return std::nullopt;
  return scan.record;
}

Result<void> Merge::note() {
  SLUICE_TRY(const std::size_t count, read_entries());
  if (count == 0) return begin_writing();
  for (const IndexEntry& entry : std::span(entries_).first(count)) {
    if (budget_ <= 0) return {};
    budget_ -= kIndexEntryBytes;
    Slice slice;
    if (entry.size != kBlankEntrySize) {
      if (entry.position + entry.size > flushed_) return begin_writing();
      budget_ -= entry.size;
      const auto found = record_of(entry, slice);
      const auto key = found ? key_of(found->message.properties) : std::nullopt;
      if (key && !keys_.note(*key, at_)) return begin_writing();
    }
    at_ += 1;
  }
  return {};
}

Result<void> Merge::begin_writing() {
  end_ = at_;
  at_ = begin_;
  if (end_ == begin_) {
    phase_ = Phase::done;
    return {};
  }
  SLUICE_TRY(writer_, CompactedWriter::start(disk_, folder_, end_));
  phase_ = Phase::keeping;
  return {};
}

Result<void> Merge::keep() {
  if (!before_ || row_ == before_->count()) {
    phase_ = Phase::adding;
    return {};
  }
  SLUICE_TRY(const CompactedRow row, before_->row(row_));
  ++row_;
  budget_ -= kIndexEntryBytes;
  if (keys_.find(row.key)) return {};
  SLUICE_TRY(const Bytes bytes, before_->read(row.at, row.size));
  budget_ -= row.size;
  return writer_->add(row, bytes);
}

Result<void> Merge::add() {
  SLUICE_TRY(const std::size_t count, read_entries());
  if (count == 0) {
    SLUICE_CHECK(writer_->commit());
    phase_ = Phase::done;
    return {};
  }
  for (const IndexEntry& entry : std::span(entries_).first(count)) {
    if (budget_ <= 0) return {};
    budget_ -= kIndexEntryBytes;
    const QueueOffset offset = at_;
    at_ += 1;
    if (entry.size == kBlankEntrySize) continue;
    budget_ -= entry.size;
    Slice slice;
    const auto found = record_of(entry, slice);
    const auto key = found ? key_of(found->message.properties) : std::nullopt;
    if (!key || keys_.find(*key) != offset || found->message.body.empty()) continue;
    SLUICE_CHECK(
        writer_->add({.offset = offset, .tags_code = entry.tags_code, .key = *key}, slice.bytes));
  }
  return {};
}

}  // namespace sluice::store
