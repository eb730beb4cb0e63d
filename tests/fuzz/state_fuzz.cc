// Bodies of the records in which the broker keeps its own state: progress, leases, marks of timed
// messages. Each is refused, or what was read has nothing negative, and leads to the same state
// when it was written and read again.
//
// Input: one byte that chooses the kind, then the body.

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "base/assert.h"
#include "base/log.h"
#include "broker/leases.h"
#include "broker/progress_log.h"
#include "broker/timer_marks.h"

namespace {

using namespace sluice;
using namespace sluice::broker;
using delivery::Progress;

void progress(Bytes body) {
  const auto changes = decode_progress(body);
  if (!changes) return;
  Progress state;
  for (const Progress::Entry& entry : *changes) {
    for (const auto& [queue, next] : entry.offsets) SLUICE_ASSERT(queue >= 0 && next >= 0);
    state.restore_change(entry);
  }
  Buffer written;
  encode_progress(*changes, written);
  const auto again = decode_progress(written.bytes());
  SLUICE_ASSERT(again && again->size() == changes->size());
  Progress same;
  for (const Progress::Entry& entry : *again) same.restore_change(entry);
  const auto equal = [](const Progress::Entry& a, const Progress::Entry& b) {
    return a.topic == b.topic && a.group == b.group && a.offsets == b.offsets;
  };
  SLUICE_ASSERT(std::ranges::equal(state.entries(), same.entries(), equal));
}

/// As far as they can be read.
void apply_all(Bytes body, Leases& state) {
  LeaseChanges changes(body);
  LeaseChange change;
  while (!changes.done() && changes.next(change)) {
    SLUICE_ASSERT(change.queue.value >= 0 && change.next.value >= 0);
    for (const auto& item : change.items) {
      SLUICE_ASSERT(item.offset.value >= 0 && item.attempts >= 0);
    }
    state.apply(change);
  }
}

/// What is unfinished of every queue, in order.
using Row = std::tuple<std::string, std::string, std::int32_t, std::int64_t, std::int32_t, bool,
                       std::int64_t, std::int64_t>;
std::vector<Row> rows_of(const Leases& state) {
  std::vector<Row> rows;
  for (const auto& group : state.all()) {
    for (const auto& [id, queue] : group->queues) {
      const auto row = [&](std::int64_t offset, std::int32_t attempts, bool leased,
                           const delivery::Lease& lease) {
        rows.emplace_back(group->group, group->topic, id.value, offset, attempts, leased,
                          unix_ms(lease.stamp), unix_ms(lease.deadline));
      };
      row(queue.state.next().value, -1, false, {});
      row(queue.state.floor().value, -2, false, {});
      queue.state.for_each(
          [&](const auto& one) { row(one.offset.value, one.attempts, one.leased, one.lease); });
    }
  }
  std::ranges::sort(rows);
  return rows;
}

void leases(Bytes body) {
  Leases state, same;
  apply_all(body, state);
  Buffer snapshot;
  state.snapshot(snapshot);
  apply_all(snapshot.bytes(), same);
  SLUICE_ASSERT(rows_of(same) == rows_of(state));
}

void timer_mark(Bytes body) {
  const auto mark = TimerMark::parse(body);
  if (!mark) return;
  for (const store::DueEntry& entry : mark->entries) {
    SLUICE_ASSERT(entry.key.due_ms >= 0 && entry.key.position >= 0 && entry.size > 0);
  }
  SLUICE_ASSERT(mark->body() == as_text(body));
}

using Reader = void (*)(Bytes);
constexpr Reader kReaders[] = {progress, leases, timer_mark};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  log::set_level(log::Level::off);
  const Bytes input = std::as_bytes(std::span(data + 1, size - 1));
  const std::vector<std::byte> copy(input.begin(), input.end());  // reading past it is noticed
  kReaders[data[0] % std::size(kReaders)](copy);
  return 0;
}
