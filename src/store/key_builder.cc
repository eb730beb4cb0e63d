#include "store/key_builder.h"

#include <algorithm>

#include "base/log.h"
#include "store/resync.h"
#include "wire/record/keys.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::int64_t kBytesAtOnce = 64 << 20;
constexpr std::size_t kKeysPerBatch = 16'384;
constexpr milliseconds kFlushEvery{10'000};

constexpr bool has_keys(std::int32_t sys_flag) {
  return (sys_flag & record::kTransactionRollback) != record::kTransactionRollback;
}

}  // namespace

Result<void> KeyBuilder::start(const Recovered& recovered) {
  last_flush_ = clock_.steady();
  SLUICE_CHECK(load({.log_begin = segments_.first(),
                     .log_end = recovered.end,
                     .whole = recovered.clean,
                     .ours = recovered.own_checkpoint,
                     .apache_keys_ms = recovered.apache.keys_ms}));
  log::info("key_index_opened",
            {{"entries_until", index_.last().end}, {"from", position_}, {"to", recovered.end}});
  return {};
}

Result<void> KeyBuilder::load(const KeyIndex::Found& found) {
  SLUICE_TRY(const auto progress, index_.load(found));
  position_ = std::max(segments_.first(), std::min(progress.below, found.log_end));
  if (progress.last_record < segments_.first()) return {};
  auto after = position_after(progress.last_record);
  if (after) {
    position_ = std::max(position_, *after);
    return {};
  }
  log::warn("key_index_rebuilt", {{"why", after.error().remark()}, {"files_kept", 0}});
  position_ = segments_.first();
  return index_.clear();
}

Result<std::int64_t> KeyBuilder::position_after(std::int64_t record) const {
  SLUICE_TRY(const Slice slice, log_.read_record(LogPosition(record)));
  return record + static_cast<std::int64_t>(slice.bytes.size());
}

bool KeyBuilder::step() {
  const std::lock_guard guard(mutex_);
  if (failure_) return false;
  auto more = advance();
  if (more) return *more;
  note_failure(more.error());
  return false;
}

/// What a full disk or a damaged file causes can be mended by opening the files anew. After a
/// failed write or sync of the disk nobody knows what it holds, and a later sync would not say so:
/// no more is written, as with the other files of the store.
void KeyBuilder::note_failure(const Error& why) {
  const bool final = why.code() == Errc::io_error;
  log::error("key_index_failed",
             {{"why", why.remark()}, {"effect", final ? "no more appends" : "tried again"}});
  failed_ = true;
  last_flush_ = clock_.steady();
  if (!final) return;
  failure_.emplace(why.code(), std::string(why.remark()));
  log_.tail().refuse(why);
}

/// Forgets what was added since the last flush.
Result<void> KeyBuilder::reload() {
  SLUICE_CHECK(load({.log_begin = segments_.first(),
                     .log_end = log_.confirmed().value,
                     .whole = false,
                     .ours = true}));
  failed_ = false;
  return {};
}

Result<bool> KeyBuilder::advance() {
  if (failed_) {
    if (clock_.steady() - last_flush_ < kFlushEvery) return false;
    SLUICE_CHECK(reload());
  }
  position_ = std::max(position_, segments_.first());
  const std::int64_t end = log_.confirmed().value;
  std::int64_t read = 0;
  while (position_ < end && read < kBytesAtOnce) {
    keys_.clear();
    while (position_ < end && read < kBytesAtOnce && keys_.size() < kKeysPerBatch) {
      const auto segment = segments_.find(position_);
      if (segment == nullptr) return false;  // dropped since: the next call goes on behind it
      const Bytes rest = segment->from(position_);
      const auto readable = static_cast<std::size_t>(end - position_);
      const std::int64_t begun = position_;
      const auto bytes = take_record(rest.first(std::min(rest.size(), readable)));
      read += bytes.value_or(position_ - begun);
      if (!bytes) break;
    }
    SLUICE_CHECK(index_.add(keys_));
  }
  SLUICE_CHECK(flush_if_due());
  return position_ < end;
}

/// Moves the position on. Gives how many bytes had to be read for it; nothing: they were damaged.
std::optional<std::int64_t> KeyBuilder::take_record(Bytes rest) {
  using Kind = record::Scan::Kind;
  const record::Scan scan = record::scan(rest, record::CrcCheck::skip);
  if (scan.kind == Kind::record) {
    take_keys(scan.record);
    position_ += scan.record.size;
    return scan.record.size;
  }
  const std::int64_t segment_end = segments_.base_of(position_) + segments_.segment_bytes();
  if (scan.kind == Kind::blank) {
    position_ = segment_end;
    return record::kBlankSize;
  }
  const auto next = next_whole_record(segments_, position_ + 1, segment_end);
  log::error("log_damaged", {{"position", position_},
                             {"why", scan.problem.empty() ? "zeros" : scan.problem},
                             {"effect", "its keys are not in the index"},
                             {"next", next.value_or(segment_end)}});
  position_ = next.value_or(segment_end);
  return std::nullopt;
}

void KeyBuilder::take_keys(const record::Decoded& found) {
  if (!has_keys(found.message.sys_flag)) return;
  std::string_view unique, words;
  for (record::PropertyCursor pair(found.message.properties); pair.next();) {
    if (pair.name() == record::property::kUniqueKey) unique = pair.value();
    if (pair.name() == record::property::kKeys) words = pair.value();
  }
  const std::size_t limit = keys_.size() + static_cast<std::size_t>(index_.keys_of_record_max());
  const auto take = [&](std::string_view key) {
    if (key.empty() || keys_.size() == limit) return;
    text_.assign(found.message.topic).append(1, '#').append(key);
    keys_.push_back({.hash = key_hash(text_),
                     .position = found.placement.position.value,
                     .store_ms = found.placement.store_ms});
  };
  take(unique);
  record::each_word(words, take);
}

/// What lies in the index lies in the log, also after a power cut: the log goes first.
Result<void> KeyBuilder::flush_if_due() {
  if (clock_.steady() - last_flush_ < kFlushEvery) return {};
  last_flush_ = clock_.steady();
  SLUICE_CHECK(log_.flush());
  return index_.flush(position_);
}

void KeyBuilder::drop_old() {
  const std::lock_guard guard(mutex_);
  if (auto done = index_.drop_below(segments_.first()); !done) {
    log::warn("key_files_not_dropped", {{"why", done.error().remark()}});
  }
}

Result<void> KeyBuilder::close() {
  const std::lock_guard guard(mutex_);
  if (failure_) return fail(failure_->code(), std::string(failure_->remark()));
  if (failed_) SLUICE_CHECK(reload());
  return index_.flush(position_);
}

}  // namespace sluice::store
