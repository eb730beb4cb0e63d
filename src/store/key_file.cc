#include "store/key_file.h"

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "base/java_hash.h"

namespace sluice::store {
namespace {

constexpr std::size_t kHeaderBytes = 40, kSlotBytes = 4, kEntryBytes = 20;
constexpr std::size_t kReadAtOnce = 1 << 20;
// Slots lie anywhere in 20 MB: that many are asked for ahead.
constexpr std::size_t kExpectAhead = 12;
constexpr std::int64_t kSecondsMax = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kTimeMax = 1LL << 62;  // with an entry's seconds it is still a number

std::int32_t seconds_between(std::int64_t begin_ms, std::int64_t at_ms) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>((at_ms - begin_ms) / 1000, 0, kSecondsMax));
}

void put_entry(std::byte* to, const KeyEntry& entry) {
  ByteWriter out(to);
  out.put(entry.hash);
  out.put(entry.position);
  out.put(entry.seconds);
  out.put(entry.previous);
}

/// Calls `use(number, item)` for `count` items of `item_bytes` each that begin at `at`.
template <class Use>
Result<void> for_each_item(const File& file, std::int64_t at, std::int64_t count,
                           std::size_t item_bytes, Use use) {
  std::vector<std::byte> chunk(kReadAtOnce / item_bytes * item_bytes);
  for (std::int64_t done = 0; done < count;) {
    const auto items =
        std::min<std::int64_t>(count - done, static_cast<std::int64_t>(chunk.size() / item_bytes));
    const MutableBytes part(chunk.data(), static_cast<std::size_t>(items) * item_bytes);
    SLUICE_CHECK(file.read(at + done * static_cast<std::int64_t>(item_bytes), part));
    for (std::int64_t i = 0; i < items; ++i) {
      use(static_cast<std::int32_t>(done + i),
          chunk.data() + static_cast<std::size_t>(i) * item_bytes);
    }
    done += items;
  }
  return {};
}

}  // namespace

std::int32_t key_hash(std::string_view topic_and_key) {
  const std::int32_t hash = java_hash(topic_and_key);
  if (hash == std::numeric_limits<std::int32_t>::min()) return 0;
  return hash < 0 ? -hash : hash;
}

Result<std::shared_ptr<KeyFile>> KeyFile::open(Disk& disk, const std::string& folder,
                                               std::string name, KeyFileShape shape) {
  const std::string path = folder + '/' + name;
  SLUICE_TRY(auto file, disk.open(path, Disk::Open::write));
  SLUICE_TRY(const std::int64_t size, file->size());
  if (size != shape.bytes()) {
    return fail(Errc::corrupt,
                fmt::format("{} has {} bytes, but with maxHashSlotNum {} and maxIndexNum {} it "
                            "must have {}",
                            path, size, shape.slots, shape.entries, shape.bytes()));
  }
  auto made = std::make_shared<KeyFile>(std::move(name), std::move(file), shape);
  SLUICE_CHECK(made->read_header());
  return made;
}

Result<std::shared_ptr<KeyFile>> KeyFile::create(Disk& disk, const std::string& folder,
                                                 std::string name, KeyFileShape shape) {
  SLUICE_TRY(auto file, disk.open(folder + '/' + name, Disk::Open::create));
  SLUICE_CHECK(file->resize(shape.bytes()));
  return std::make_shared<KeyFile>(std::move(name), std::move(file), shape);
}

Result<void> KeyFile::read_header() {
  std::array<std::byte, kHeaderBytes> raw{};
  SLUICE_CHECK(file_->read(0, raw));
  ByteReader in(raw);
  KeyHeader h;
  h.begin_ms = in.take<std::int64_t>();
  h.end_ms = in.take<std::int64_t>();
  h.begin = in.take<std::int64_t>();
  h.end = in.take<std::int64_t>();
  h.used_slots = in.take<std::int32_t>();
  h.next = std::max(in.take<std::int32_t>(), 1);
  const bool sound = h.next <= shape_.entries && h.used_slots >= 0 && h.used_slots < h.next &&
                     h.begin >= 0 && h.end >= h.begin && h.begin_ms >= 0 && h.begin_ms <= kTimeMax;
  if (!sound) {
    return fail(Errc::corrupt,
                fmt::format("the header of {} tells of {} entries in {} slots, positions {} to {}",
                            name_, h.next - 1, h.used_slots, h.begin, h.end));
  }
  const std::lock_guard guard(mutex_);
  header_ = h;
  return {};
}

KeyHeader KeyFile::header() const {
  const std::lock_guard guard(mutex_);
  return header_;
}

Result<void> KeyFile::add(std::span<const HashedKey> keys) {
  if (keys.empty()) return {};
  const std::lock_guard guard(mutex_);  // whoever finds a number in a slot can read its entry
  KeyHeader h = header_;
  const std::int32_t first = h.next;
  if (h.empty()) {
    h.begin = keys.front().position;
    h.begin_ms = keys.front().store_ms;
  }
  std::vector<std::byte> entries(keys.size() * kEntryBytes);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const HashedKey& key = keys[i];
    if (i + kExpectAhead < keys.size()) slots_.expect(keys[i + kExpectAhead].hash % shape_.slots);
    SLUICE_TRY(std::int32_t previous, slots_.exchange(key.hash % shape_.slots, h.next++));
    previous = sound(previous);
    if (previous == 0) ++h.used_slots;
    put_entry(entries.data() + i * kEntryBytes,
              {.hash = key.hash,
               .position = key.position,
               .seconds = seconds_between(h.begin_ms, key.store_ms),
               .previous = previous});
  }
  h.end = keys.back().position;
  h.end_ms = keys.back().store_ms;
  SLUICE_CHECK(file_->write(shape_.entry_at(first), entries));
  header_ = h;
  return {};
}

Result<void> KeyFile::flush() {
  {
    const std::lock_guard guard(mutex_);
    SLUICE_CHECK(slots_.write_back());
  }
  SLUICE_CHECK(file_->sync());
  const KeyHeader h = header();
  std::array<std::byte, kHeaderBytes> raw;
  ByteWriter out(raw.data());
  out.put(h.begin_ms);
  out.put(h.end_ms);
  out.put(h.begin);
  out.put(h.end);
  out.put(h.used_slots);
  out.put(h.next);
  SLUICE_CHECK(file_->write(0, raw));
  return file_->sync();
}

Result<void> KeyFile::repair() {
  const std::int32_t next = header().next;
  std::unordered_map<std::int32_t, std::int32_t> wrong;
  SLUICE_CHECK(for_each_item(*file_, shape_.slot_at(0), shape_.slots, kSlotBytes,
                             [&](std::int32_t slot, const std::byte* raw) {
                               const auto number = load_be<std::int32_t>(raw);
                               if (number < 0 || number >= next) wrong.emplace(slot, 0);
                             }));
  if (wrong.empty()) return {};
  SLUICE_CHECK(for_each_item(*file_, shape_.entry_at(1), next - 1, kEntryBytes,
                             [&](std::int32_t index, const std::byte* raw) {
                               const auto hash = load_be<std::int32_t>(raw);
                               if (hash < 0) return;
                               const auto at = wrong.find(hash % shape_.slots);
                               if (at != wrong.end()) at->second = index + 1;
                             }));
  const std::lock_guard guard(mutex_);
  for (const auto& [slot, number] : wrong) SLUICE_CHECK(slots_.exchange(slot, number));
  return slots_.write_back();
}

std::int32_t KeyFile::sound(std::int32_t number) const {
  return number > 0 && number < shape_.entries ? number : 0;
}

Result<std::int32_t> KeyFile::newest(std::int32_t hash) const {
  const std::lock_guard guard(mutex_);
  SLUICE_TRY(const std::int32_t number, slots_.get(hash % shape_.slots));
  return sound(number);
}

Result<KeyEntry> KeyFile::entry(std::int32_t number) const {
  std::array<std::byte, kEntryBytes> raw{};
  SLUICE_CHECK(file_->read(shape_.entry_at(number), raw));
  ByteReader in(raw);
  KeyEntry entry;
  entry.hash = in.take<std::int32_t>();
  entry.position = in.take<std::int64_t>();
  entry.seconds = in.take<std::int32_t>();
  entry.previous = in.take<std::int32_t>();
  return entry;
}

}  // namespace sluice::store
