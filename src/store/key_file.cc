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
constexpr std::int64_t kSecondsMax = std::numeric_limits<std::int32_t>::max();

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
                     h.begin >= 0 && h.end >= h.begin && h.begin_ms >= 0;
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

/// Entries first: whoever finds a number in a slot can read its entry.
Result<void> KeyFile::add(std::span<const HashedKey> keys) {
  if (keys.empty()) return {};
  KeyHeader h = header();
  const std::int32_t first = h.next;
  if (h.empty()) {
    h.begin = keys.front().position;
    h.begin_ms = keys.front().store_ms;
  }
  std::vector<std::byte> entries(keys.size() * kEntryBytes);
  std::unordered_map<std::int32_t, std::int32_t> slots;
  slots.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const HashedKey& key = keys[i];
    const auto [at, fresh] = slots.try_emplace(key.hash % shape_.slots, 0);
    if (fresh) {
      SLUICE_TRY(at->second, newest(key.hash));
    }
    if (at->second == 0) ++h.used_slots;
    put_entry(entries.data() + i * kEntryBytes,
              {.hash = key.hash,
               .position = key.position,
               .seconds = seconds_between(h.begin_ms, key.store_ms),
               .previous = at->second});
    at->second = h.next++;
  }
  h.end = keys.back().position;
  h.end_ms = keys.back().store_ms;
  SLUICE_CHECK(file_->write(shape_.entry_at(first), entries));
  std::vector<Change> changes;
  changes.reserve(slots.size());
  for (const auto& [slot, number] : slots) changes.push_back({.slot = slot, .number = number});
  SLUICE_CHECK(write_slots(changes));
  const std::lock_guard guard(mutex_);
  header_ = h;
  return {};
}

/// Slots that lie side by side in one write.
Result<void> KeyFile::write_slots(std::vector<Change>& changes) {
  std::ranges::sort(changes, {}, &Change::slot);
  std::vector<std::byte> run;
  for (std::size_t i = 0; i < changes.size();) {
    run.clear();
    const std::int32_t first = changes[i].slot;
    for (std::int32_t slot = first; i < changes.size() && changes[i].slot == slot; ++slot, ++i) {
      run.resize(run.size() + kSlotBytes);
      store_be(run.data() + run.size() - kSlotBytes, changes[i].number);
    }
    SLUICE_CHECK(file_->write(shape_.slot_at(first), run));
  }
  return {};
}

Result<void> KeyFile::flush() {
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
  std::vector<Change> changes;
  changes.reserve(wrong.size());
  for (const auto& [slot, number] : wrong) changes.push_back({.slot = slot, .number = number});
  return write_slots(changes);
}

Result<std::int32_t> KeyFile::newest(std::int32_t hash) const {
  std::array<std::byte, kSlotBytes> raw{};
  SLUICE_CHECK(file_->read(shape_.slot_at(hash % shape_.slots), raw));
  const auto number = load_be<std::int32_t>(raw.data());
  return number > 0 && number < shape_.entries ? number : 0;
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
