// A broker's start over a log whose system topics hold anything: half messages and what ended them,
// timed messages with their marks and recalls, delayed ones, leases, progress; and a timercheck of
// Apache's. One record may have been lost and the store repaired. The start says what is corrupt,
// or gives a broker that works: it counts no more than the log has, comes to an end with all that
// is due, and is the same after the next start.
//
// Input: 24 bytes of timercheck, used when the first is not 0; the second says which record is
// lost, 0: none. Then records one after the other. Each: kind, properties' mask, name of the
// message that it is about, when it was stored, then each property's value and the body, behind
// their lengths.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/popping.h"
#include "broker/progress_log.h"
#include "store/layout.h"
#include "store/store_repair.h"
#include "store/testing/memory_disk.h"
#include "wire/record/properties.h"

namespace {

using namespace sluice;
using namespace sluice::broker;
namespace property = wire::record::property;

constexpr WallTime kNow = from_unix_ms(1'700'000'000'000);
constexpr WallTime kLate = from_unix_ms(1'800'000'000'000);
constexpr std::size_t kRecordsMax = 64;

constexpr std::string_view kTopics[] = {"t",
                                        kHalfTopic,
                                        kMarkTopic,
                                        kTimerTopic,
                                        kTimerMarksTopic,
                                        kScheduleTopic,
                                        kProgressTopic,
                                        kLeaseTopic};
constexpr std::string_view kNames[] = {
    property::kRealTopic,     property::kRealQueue,      property::kUniqueKey,
    property::kTimerOutMs,    property::kTimerDeletes,   property::kTimerRollTimes,
    property::kCheckImmunity, property::kTimerEnqueueMs,
};

store::StoreOptions options() {
  return {.root = "/r",
          .segment_bytes = 1 << 16,
          .index_file_bytes = 100LL * store::kIndexEntryBytes,
          .tail_bytes = 1 << 16,
          .keys = {.slots = 10, .entries = 10},
          .tags_code_of = index_code({})};
}

std::string_view take_short(ByteReader& in) {
  return in.take_text(std::min<std::size_t>(in.take<std::uint8_t>(), in.left()));
}

/// Appends one record as the input says; gives the topic.
std::string_view append(store::MessageStore& store, ByteReader& in, ManualClock& clock,
                        std::vector<std::int64_t>& positions) {
  const std::string_view topic = kTopics[in.take<std::uint8_t>() % std::size(kTopics)];
  const auto mask = in.take<std::uint8_t>();
  store::Pending p;
  p.message.topic = topic;
  p.message.prepared = LogPosition(in.take<std::int16_t>());
  clock.advance(milliseconds(in.take<std::uint8_t>()));
  std::string properties;
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if ((mask >> i & 1U) != 0) wire::record::append_property(properties, kNames[i], take_short(in));
  }
  const std::string_view body = take_short(in);
  p.message.born_ms = 1;
  p.message.body = as_bytes(body);
  p.message.properties = properties;
  const auto queue = store.queue(topic, QueueId(0));
  p.queue = queue.get();
  p.size = *wire::record::encoded_size(p.message, {});
  p.crc = wire::record::body_crc(p.message.body);
  p.tags_code = options().tags_code_of({.message = p.message,
                                        .placement = {.store_ms = unix_ms(clock.wall())},
                                        .size = p.size,
                                        .crc = p.crc});
  SLUICE_ASSERT(store.append(std::span(&p, 1)));
  positions.push_back(p.position.value);
  return topic;
}

struct Log {
  std::int64_t halves = 0, timed = 0, all = 0;
  std::vector<std::int64_t> positions;
};

Log write_log(store::MessageStore& store, ByteReader& in, ManualClock& clock) {
  Log log;
  for (; in.left() > 0 && log.all < std::int64_t{kRecordsMax}; ++log.all) {
    const std::string_view topic = append(store, in, clock, log.positions);
    if (topic == kHalfTopic) ++log.halves;
    if (topic == kTimerTopic) ++log.timed;
  }
  return log;
}

/// The record there cannot be read any more; the store is repaired.
void lose(store::testing::MemoryDisk& disk, std::int64_t position) {
  constexpr std::int64_t kSumAt = 8;
  const std::int64_t bytes = options().segment_bytes;
  disk.flip_byte("/r/commitlog/" + store::file_name(position / bytes * bytes),
                 position % bytes + kSumAt);
  const auto offline = store::OfflineStore::open(disk, "/r");
  SLUICE_ASSERT(offline);
  const auto report = store::verify(**offline, {});
  SLUICE_ASSERT(report && store::repair(**offline, *report, options().tags_code_of));
}

std::unique_ptr<store::MessageStore> open(store::Disk& disk, Clock& clock) {
  auto store = store::MessageStore::open(disk, clock, options());
  SLUICE_ASSERT(store);
  return std::move(*store);
}

void put_timer_check(store::Disk& disk, Bytes bytes) {
  SLUICE_ASSERT(disk.make_folder("/config"));
  auto file = disk.open("/config/timercheck", store::Disk::Open::create);
  SLUICE_ASSERT(file && (*file)->write(0, bytes));
}

struct Counts {
  std::size_t open = 0;
  std::int64_t waiting = 0;
  std::vector<std::string> progress;
  friend bool operator==(const Counts&, const Counts&) = default;
};

Counts counts_of(Broker& broker) {
  Counts counts{broker.transactions().open(), broker.timers().waiting(), {}};
  for (const auto& entry : broker.progress().entries()) {
    counts.progress.push_back(entry.topic + '@' + entry.group);
    for (const auto& [queue, next] : entry.offsets) SLUICE_ASSERT(queue >= 0 && next >= 0);
  }
  return counts;
}

/// Everything that is due by `now`, in no more rounds than there are records.
template <class Deliver>
void drain(Deliver deliver, std::int64_t records) {
  std::int64_t count = 0;
  for (std::int64_t round = 0;; ++round) {
    const auto done = deliver();
    if (!done) return;
    count += static_cast<std::int64_t>(done->count);
    SLUICE_ASSERT(count <= records && round <= records);
    if (!done->more) return;
  }
}

void use(Broker& broker, const Log& log) {
  drain([&] { return broker.timers().deliver(kLate); }, log.all);
  drain([&] { return broker.schedule().deliver(kLate); }, log.all);
  static_cast<void>(broker.check_transactions(kLate));
  static_cast<void>(broker.timers().upkeep({}, true));
  SLUICE_ASSERT(broker.persist(kLate));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kTimerCheck = 24;
  if (size <= kTimerCheck) return 0;
  log::set_level(log::Level::off);
  const std::vector<std::uint8_t> copy(data, data + size);  // reading past it is noticed
  const Bytes input = std::as_bytes(std::span(copy));
  store::testing::MemoryDisk disk;
  ManualClock clock;
  auto store = open(disk, clock);
  if (input.front() != std::byte{0}) put_timer_check(disk, input.first(kTimerCheck));
  ByteReader in(input.subspan(kTimerCheck));
  const Log log = write_log(*store, in, clock);
  const auto lost = static_cast<std::size_t>(input[1]);
  if (lost != 0 && !log.positions.empty()) {
    SLUICE_ASSERT(store->close());
    store.reset();
    lose(disk, log.positions[lost % log.positions.size()]);
    store = open(disk, clock);
  }

  Broker first(*store, disk, "/config", {});
  const auto loaded = first.load(kNow);
  SLUICE_ASSERT(loaded || loaded.error().code() == Errc::corrupt);
  if (!loaded) return 0;
  const Counts counts = counts_of(first);
  SLUICE_ASSERT(std::cmp_less_equal(counts.open, log.halves));
  Broker second(*store, disk, "/config", {});
  SLUICE_ASSERT(second.load(kNow));
  SLUICE_ASSERT(counts_of(second) == counts);
  use(second, log);
  const Counts left = counts_of(second);
  Broker third(*store, disk, "/config", {});
  SLUICE_ASSERT(third.load(kLate));
  SLUICE_ASSERT(counts_of(third).open == left.open);
  return 0;
}
