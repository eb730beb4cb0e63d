#include "broker/pull_scan.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/log.h"
#include "broker/matching.h"
#include "broker/retry_matching.h"

namespace sluice::broker {
namespace {

constexpr std::size_t kEntriesAtOnce = 64;
constexpr std::int64_t kScanMax = 16'000;   // entries looked at for one pull
constexpr std::int64_t kFilterMax = 2'048;  // likewise, when their records must be read
constexpr std::int64_t kDenseShare = 8;     // of what lies between the first and the last

bool is_dense(std::span<const store::IndexEntry> entries) {
  std::int64_t bytes = 0;
  for (const store::IndexEntry& entry : entries) bytes += entry.size;
  const auto& last = entries.back();
  return last.position + last.size - entries.front().position <= bytes * kDenseShare;
}

}  // namespace

Result<void> PullScan::run() {
  result_.next = plan_.offset;
  const bool filter = (plan_.subscription && plan_.subscription->filter) || plan_.retries_of;
  const std::int64_t limit = filter ? kFilterMax : kScanMax;
  std::array<store::IndexEntry, kEntriesAtOnce> entries;
  while (!done_ && result_.next - plan_.offset < limit) {
    result_.next = plan_.queue->index->first_from(result_.next);
    SLUICE_TRY(const std::size_t count, read_entries(entries));
    if (count == 0) break;
    SLUICE_CHECK(take(std::span(entries).first(count)));
  }
  finish_run();
  return {};
}

Result<std::size_t> PullScan::read_entries(std::span<store::IndexEntry> to) {
  if (wait_ == Wait::yes) return plan_.queue->index->read(result_.next, to);
  SLUICE_TRY(const auto count, plan_.queue->index->read_now(result_.next, to));
  if (!count) found_cold();
  return count.value_or(0);
}

Result<void> PullScan::take(std::span<const store::IndexEntry> entries) {
  dense_ = is_dense(entries);
  for (const store::IndexEntry& entry : entries) {
    // What lies behind the last message that there is room for is not looked at.
    done_ = done_ || result_.messages >= plan_.max_messages;
    if (done_) return {};
    if (entry.size != store::kBlankEntrySize) {
      auto taken = take(entry);
      if (!taken) SLUICE_CHECK(pass_over(entry, std::move(taken.error())));
    }
    if (done_) return {};
    result_.next += 1;
  }
  return {};
}

Result<void> PullScan::take(const store::IndexEntry& entry) {
  SLUICE_CHECK(check(entry));
  SLUICE_TRY(const bool wanted, wants(entry));
  if (!wanted || done_) return {};
  if (!fits(entry)) {
    done_ = true;
    return {};
  }
  return wait_ == Wait::yes ? add_checked(entry) : add(entry);
}

/// What readers see lies within the log, but for a record that was just removed, and for those that
/// compaction keeps beside it.
Result<void> PullScan::check(const store::IndexEntry& entry) const {
  if (store::is_compacted(entry.position)) return {};
  const std::int64_t end = store_.end().value;
  if (entry.size > 0 && entry.position.value >= 0 && entry.position.value <= end - entry.size)
    return {};
  return fail(Errc::corrupt, fmt::format("the queue's index names {} bytes at {}, the log ends at "
                                         "{}",
                                         entry.size, entry.position.value, end));
}

Result<bool> PullScan::wants(const store::IndexEntry& entry) {
  const delivery::Subscription* const subscription = plan_.subscription.get();
  const bool by_record = plan_.retries_of || (subscription && subscription->filter);
  if (!by_record) return matches(subscription, entry.tags_code, {});
  std::optional<store::Slice> record;
  if (wait_ == Wait::yes) {
    SLUICE_TRY(record, store_.read_checked(entry.position, entry.size, dense_));
  } else if (auto there = store_.read_now(entry.position, entry.size); there) {
    record = *std::move(there);
  }
  if (!record) {
    found_cold();
    return false;
  }
  if (!matches(subscription, entry.tags_code, record->bytes)) return false;
  return wants_retry(plan_.retries_of.get(), entry.tags_code, record->bytes);
}

bool PullScan::fits(const store::IndexEntry& entry) const {
  if (result_.messages == 0) return true;
  return result_.messages < plan_.max_messages &&
         result_.bytes + static_cast<std::size_t>(entry.size) <=
             static_cast<std::size_t>(plan_.max_bytes);
}

void PullScan::count(const store::IndexEntry& entry) {
  result_.bytes += static_cast<std::size_t>(entry.size);
  ++result_.messages;
}

Result<void> PullScan::add(const store::IndexEntry& entry) {
  if (run_bytes_ == 0 || entry.position != run_ + run_bytes_) {
    finish_run();
    if (done_) return {};
    run_ = entry.position;
    run_from_ = result_.next;
  }
  run_bytes_ += entry.size;
  ++run_messages_;
  count(entry);
  return {};
}

void PullScan::finish_run() {
  if (run_bytes_ == 0) return;
  auto slice = store_.read_now(run_, static_cast<std::int32_t>(run_bytes_));
  if (slice && *slice) {
    result_.records.push_back(**std::move(slice));
  } else {  // who waits takes the records one by one, and so finds out which of them is not well
    result_.messages -= run_messages_;
    result_.bytes -= static_cast<std::size_t>(run_bytes_);
    result_.next = run_from_;
    found_cold();
  }
  run_bytes_ = run_messages_ = 0;
}

/// What was found before is answered first.
void PullScan::found_cold() {
  done_ = true;
  if (result_.messages == 0) result_.status = PullStatus::cold;
}

Result<void> PullScan::add_checked(const store::IndexEntry& entry) {
  SLUICE_TRY(auto slice, store_.read_checked(entry.position, entry.size, dense_));
  count(entry);
  if (!result_.records.empty()) {
    store::Slice& before = result_.records.back();
    const bool adjacent = before.owner == slice.owner &&
                          before.bytes.data() + before.bytes.size() == slice.bytes.data();
    if (adjacent) {
      before.bytes = Bytes(before.bytes.data(), before.bytes.size() + slice.bytes.size());
      return {};
    }
  }
  result_.records.push_back(std::move(slice));
  return {};
}

/// It was moved, from the log or to another place beside it; or the log's beginning has passed it,
/// and the queue's has too, or not yet. Where the queue's first message is in the log, a later one
/// that lies before it is damage.
bool PullScan::was_removed(const store::IndexEntry& entry) const {
  if (store::is_compacted(entry.position)) return true;
  if (entry.position >= store_.min_position()) return false;
  const store::Queue& index = *plan_.queue->index;
  const QueueOffset min = index.min();
  if (min > result_.next) return true;
  store::IndexEntry first, now;
  const auto again = index.read(result_.next, std::span(&now, 1));
  if (again && (*again == 0 || now.position != entry.position)) return true;
  const auto got = index.read(min, std::span(&first, 1));
  return !got || *got == 0 || first.position < store_.min_position();
}

/// Ends or goes on where a message cannot be had.
Result<void> PullScan::pass_over(const store::IndexEntry& entry, Error why) {
  const store::Queue& index = *plan_.queue->index;
  const bool removed = why.code() == Errc::not_found && was_removed(entry);
  const bool damaged = why.code() == Errc::corrupt || why.code() == Errc::not_found;
  const std::string text = fmt::format(
      "message {} of {}, queue {}, cannot be served: {}", result_.next.value, index.topic(),
      index.id().value, why.remark().empty() ? "its place is not in the log" : why.remark());
  if (damaged && !removed && damaged_ == Damaged::skip) {
    ++skipped_;
    log::error("damaged_message_skipped", {{"why", text}});
    return {};
  }
  done_ = true;
  if (result_.messages > 0) return {};  // the next read begins here
  if (removed || !damaged) return std::unexpected(std::move(why));
  log::error("damaged_message", {{"why", text}});
  constexpr std::string_view kHelp =
      "to go on behind it, set the group's offset there, or damagedMessages=skip";
  return fail(Errc::corrupt, fmt::format("{}; {}", text, kHelp));
}

}  // namespace sluice::broker
