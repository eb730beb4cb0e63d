#include <algorithm>
#include <array>
#include <functional>
#include <unordered_map>
#include <utility>

#include "base/numbers.h"
#include "broker/transactions.h"
#include "wire/record/properties.h"

/// How transactions come back after a restart, or from Apache's broker.
namespace sluice::broker {
namespace {

namespace record = wire::record;

// What may lack its mark: this broker appends it right behind, Apache's up to 3 s later.
constexpr std::int64_t kNewestBytes = 16 << 20;
constexpr std::int64_t kNewestMs = 10'000;

/// The record of an index entry; a kind of `damaged` when the log has it no more.
Result<record::Scan> read_entry(const store::MessageStore& store, const store::IndexEntry& entry,
                                store::Slice& bytes) {
  auto read = store.read(entry.position, entry.size);
  if (!read && read.error().code() == Errc::io_error) return fail(std::move(read.error()));
  if (!read) return record::Scan{.kind = record::Scan::Kind::damaged, .record = {}, .problem = {}};
  bytes = std::move(*read);
  return record::scan(bytes.bytes, record::CrcCheck::skip);
}

/// Gives `use` each entry of the queue from `from` on, but for those of records that were lost:
/// they have the position of the next.
Result<void> for_each(
    const store::Queue& queue, QueueOffset from,
    const std::function<Result<void>(std::int64_t, const store::IndexEntry&)>& use) {
  std::array<store::IndexEntry, 64> entries;
  for (QueueOffset at = std::max(from, queue.min()); at < queue.max();) {
    SLUICE_TRY(const std::size_t count, queue.read(at, entries));
    if (count == 0) break;
    for (std::size_t i = 0; i < count; ++i, at += 1) {
      if (entries[i].size == store::kBlankEntrySize) continue;
      SLUICE_CHECK(use(at.value, entries[i]));
    }
  }
  return {};
}

/// The offsets that a mark names.
void read_mark(std::string_view body, std::set<std::int64_t>& over) {
  while (!body.empty()) {
    const std::size_t end = std::min(body.find(','), body.size());
    if (const auto offset = parse_number<std::int64_t>(body.substr(0, end))) over.insert(*offset);
    body.remove_prefix(std::min(end + 1, body.size()));
  }
}

}  // namespace

Result<std::set<std::int64_t>> Transactions::read_marks(Progress& progress) const {
  progress.mark = std::clamp(progress.mark, QueueOffset(0), marks_->max());
  std::set<std::int64_t> over;
  SLUICE_CHECK(for_each(*marks_, progress.mark,
                        [&](std::int64_t, const store::IndexEntry& entry) -> Result<void> {
                          store::Slice bytes;
                          SLUICE_TRY(const auto found, read_entry(store_, entry, bytes));
                          if (found.kind == record::Scan::Kind::record) {
                            read_mark(as_text(found.record.message.body), over);
                          }
                          return {};
                        }));
  over.erase(over.begin(), over.lower_bound(progress.half.value));
  return over;
}

Result<Transactions::Candidates> Transactions::read_halves(
    QueueOffset from, const std::set<std::int64_t>& over, std::vector<std::int64_t>& copied) const {
  Candidates open;
  std::unordered_map<std::string, std::int64_t> by_key;
  SLUICE_CHECK(for_each(
      *halves_, from, [&](std::int64_t offset, const store::IndexEntry& entry) -> Result<void> {
        if (over.contains(offset)) return {};
        auto half = read_half(store_, entry.position);
        if (!half && half.error().code() == Errc::io_error) return fail(std::move(half.error()));
        if (!half) return {};
        // Apache's broker copies a half message that it asks about to the queue's end.
        const auto [first, is_new] = by_key.try_emplace(std::string(half->unique_key), offset);
        if (!is_new && half->checks > 0) copied.push_back(std::exchange(first->second, offset));
        const std::int64_t stored_ms = half->record.placement.store_ms;
        open[offset] = {
            .half = {.position = entry.position,
                     .stored_ms = stored_ms,
                     .due_ms = stored_ms + half->patience.value_or(options_.timeout).count(),
                     .checks = half->checks},
            .topic = std::string(half->topic)};
        return {};
      }));
  for (const std::int64_t offset : copied) open.erase(offset);
  return open;
}

/// The store time of the log's newest record.
Result<std::int64_t> Transactions::newest_ms() const {
  std::int64_t newest = 0;
  for (const auto& queue : store_.queues()) {
    std::array<store::IndexEntry, 1> last;
    if (queue->max() <= queue->min()) continue;
    SLUICE_TRY(const std::size_t count, queue->read(queue->max() - 1, last));
    store::Slice bytes;
    if (count == 0) continue;
    SLUICE_TRY(const auto found, read_entry(store_, last[0], bytes));
    if (found.kind == record::Scan::Kind::record) {
      newest = std::max(newest, found.record.placement.store_ms);
    }
  }
  return newest;
}

Result<void> Transactions::find_ended(const Candidates& open,
                                      std::vector<std::int64_t>& ended) const {
  if (open.empty()) return {};
  std::unordered_map<std::int64_t, std::int64_t> by_position;
  std::set<std::string, std::less<>> topics{std::string(kUndecidedTopic)};
  for (const auto& [offset, candidate] : open) {
    by_position.emplace(candidate.half.position.value, offset);
    topics.insert(candidate.topic);
  }
  SLUICE_TRY(const std::int64_t newest, newest_ms());
  for (const std::string& topic : topics) {
    for (const auto& queue : store_.queues_of(topic)) {
      SLUICE_CHECK(find_ended_in(*queue, newest - kNewestMs, by_position, ended));
    }
  }
  return {};
}

/// Among the queue's newest messages.
Result<void> Transactions::find_ended_in(
    const store::Queue& queue, std::int64_t recent_ms,
    const std::unordered_map<std::int64_t, std::int64_t>& by_position,
    std::vector<std::int64_t>& ended) const {
  const LogPosition tail = store_.end() - kNewestBytes;
  for (QueueOffset at = queue.max(); at > queue.min();) {
    at = at - 1;
    std::array<store::IndexEntry, 1> entry;
    SLUICE_TRY(const std::size_t count, queue.read(at, entry));
    if (count == 0) break;
    store::Slice bytes;
    SLUICE_TRY(const auto found, read_entry(store_, entry[0], bytes));
    if (found.kind != record::Scan::Kind::record) continue;
    const bool recent = found.record.placement.store_ms >= recent_ms;
    if (!recent && entry[0].position < tail) break;
    // 0 is also what ordinary messages have there; what was made of the log's first record tells
    // it.
    const record::Message& message = found.record.message;
    const bool made =
        message.prepared.value != 0 ||
        !record::find_property(message.properties, record::property::kRealTopic).empty();
    const auto half = by_position.find(made ? message.prepared.value : -1);
    if (half != by_position.end()) ended.push_back(half->second);
  }
  return {};
}

Result<void> Transactions::mark(const std::vector<std::int64_t>& halves, WallTime now) {
  if (halves.empty()) return {};
  std::string body;
  for (const std::int64_t offset : halves) append_mark(body, QueueOffset(offset));
  SLUICE_TRY(store::Pending pending, mark_record(body, *marks_, now, store_host_));
  SLUICE_CHECK(store_.append({&pending, 1}));
  return {};
}

Result<void> Transactions::restore(Progress progress, const Checks& checks, WallTime now) {
  progress.half = std::clamp(progress.half, QueueOffset(0), halves_->max());
  SLUICE_TRY(const auto over, read_marks(progress));
  std::vector<std::int64_t> ended;
  SLUICE_TRY(Candidates candidates, read_halves(progress.half, over, ended));
  SLUICE_CHECK(find_ended(candidates, ended));
  SLUICE_CHECK(mark(ended, now));
  for (const std::int64_t offset : ended) candidates.erase(offset);
  const std::int64_t earliest = unix_ms(now + options_.check_interval);
  const std::scoped_lock lock(mutex_);
  for (auto& [offset, candidate] : candidates) {
    Half& half = candidate.half;
    if (const auto known = checks.find(offset); known != checks.end()) half.checks = known->second;
    // Its producer has to come back first.
    half.due_ms = std::max(half.due_ms, earliest);
    put(offset, half);
  }
  known_ = halves_->max().value;
  durable_ = progress;
  return {};
}

}  // namespace sluice::broker
