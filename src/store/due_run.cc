#include "store/due_run.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/crc32.h"

namespace sluice::store {
namespace {

constexpr std::string_view kMagic = "SLUDUERN";
constexpr std::int32_t kVersion = 1;
constexpr std::size_t kCheckedHead = 20, kEntry = kDueEntryBytes;
constexpr std::size_t kWriteAtOnce = (1 << 18) / kEntry * kEntry;
constexpr std::byte kDead{1};

/// Of the 20 bytes that an entry begins with: 24 bits, mixed by multiplication as 64-bit hashes
/// are.
std::uint32_t check_of(const DueEntry& entry) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = static_cast<std::uint64_t>(entry.key.due_ms) * kOdd;
  mixed = (mixed ^ (mixed >> 29U) ^ static_cast<std::uint64_t>(entry.key.position)) * kOdd;
  mixed = (mixed ^ (mixed >> 32U) ^ static_cast<std::uint64_t>(entry.size)) * kOdd;
  return static_cast<std::uint32_t>(mixed >> 40U);
}

void put(std::byte* to, const DueEntry& entry) {
  ByteWriter out(to);
  out.put(entry.key.due_ms);
  out.put(entry.key.position);
  out.put(entry.size);
  out.put(check_of(entry) << 8U);
}

std::optional<DueFile::Slot> get(const std::byte* from) {
  ByteReader in(Bytes(from, kEntry));
  DueFile::Slot slot;
  slot.entry.key.due_ms = in.take<std::int64_t>();
  slot.entry.key.position = in.take<std::int64_t>();
  slot.entry.size = in.take<std::int32_t>();
  const auto rest = in.take<std::uint32_t>();
  slot.dead = (rest & 0xFFU) != 0;
  const bool sound =
      rest >> 8U == check_of(slot.entry) && slot.entry.key.position >= 0 && slot.entry.size > 0;
  return sound ? std::optional(slot) : std::nullopt;
}

std::int64_t place(std::int64_t number) { return kDueHeadBytes + number * kDueEntryBytes; }

Error damaged(const std::string& path, std::string_view what) {
  return {Errc::corrupt, fmt::format("{}: {}", path, what)};
}

}  // namespace

Result<std::shared_ptr<DueFile>> DueFile::open(Disk& disk, const std::string& path) {
  SLUICE_TRY(auto file, disk.open(path, Disk::Open::write));
  std::array<std::byte, static_cast<std::size_t>(kDueHeadBytes)> head{};
  SLUICE_TRY(const std::size_t got, file->read(0, head));
  if (got < head.size()) return fail(damaged(path, "the file ends within its head"));
  ByteReader in(head);
  const bool magic = in.take_text(kMagic.size()) == kMagic && in.take<std::int32_t>() == kVersion;
  const auto count = in.take<std::int64_t>();
  if (!magic || in.take<std::uint32_t>() != crc32(Bytes(head).first(kCheckedHead))) {
    return fail(damaged(path, "its head is not that of an index of due messages"));
  }
  SLUICE_TRY(const std::int64_t size, file->size());
  if (count < 0 || count > (size - kDueHeadBytes) / kDueEntryBytes || size != place(count)) {
    return fail(
        damaged(path, fmt::format("its head tells of {} entries, it has {} bytes", count, size)));
  }
  return std::shared_ptr<DueFile>(new DueFile(path, std::move(file), count));
}

Result<void> DueFile::read(std::int64_t from, std::int64_t count, std::vector<Slot>& to) const {
  to.clear();
  count = std::min(count, count_ - from);
  if (count <= 0) return {};
  std::vector<std::byte> raw(static_cast<std::size_t>(count) * kEntry);
  SLUICE_TRY(const std::size_t got, file_->read(place(from), raw));
  if (got < raw.size()) return fail(damaged(path_, "it became shorter"));
  to.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const auto slot = get(raw.data() + static_cast<std::size_t>(i) * kEntry);
    if (!slot) return fail(damaged(path_, fmt::format("entry {} is damaged", from + i)));
    to.push_back(*slot);
  }
  return {};
}

Result<std::int64_t> DueFile::lower_bound(DueKey key) const {
  std::int64_t low = 0, high = count_;
  std::array<std::byte, kEntry> raw;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    SLUICE_TRY(const std::size_t got, file_->read(place(middle), raw));
    const auto slot = got == raw.size() ? get(raw.data()) : std::nullopt;
    if (!slot) return fail(damaged(path_, fmt::format("entry {} is damaged", middle)));
    (slot->entry.key < key ? low : high) = slot->entry.key < key ? middle + 1 : middle;
  }
  return low;
}

Result<void> DueFile::kill(std::int64_t number) {
  return file_->write(place(number) + kDueEntryBytes - 1, Bytes(&kDead, 1));
}

Result<DueFileWriter> DueFileWriter::create(Disk& disk, std::string path) {
  SLUICE_TRY(auto file, disk.open(path, Disk::Open::create));
  SLUICE_CHECK(file->resize(0));
  return DueFileWriter(std::move(path), std::move(file));
}

Result<void> DueFileWriter::add(const DueEntry& entry) {
  buffer_.resize(buffer_.size() + kEntry);
  put(buffer_.data() + buffer_.size() - kEntry, entry);
  ++count_;
  return buffer_.size() >= kWriteAtOnce ? write_out() : Result<void>();
}

Result<void> DueFileWriter::write_out() {
  SLUICE_CHECK(file_->write(written_, buffer_));
  written_ += static_cast<std::int64_t>(buffer_.size());
  buffer_.clear();
  return {};
}

Result<void> DueFileWriter::finish() {
  if (!buffer_.empty()) SLUICE_CHECK(write_out());
  std::array<std::byte, static_cast<std::size_t>(kDueHeadBytes)> head{};
  ByteWriter out(head.data());
  out.put(kMagic);
  out.put(kVersion);
  out.put(count_);
  out.put(crc32(Bytes(head).first(kCheckedHead)));
  SLUICE_CHECK(file_->write(0, head));
  return file_->sync();
}

}  // namespace sluice::store
