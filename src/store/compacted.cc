#include "store/compacted.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/crc32.h"
#include "base/murmur3.h"
#include "store/layout.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace {

constexpr std::int64_t kRowBytes = 48;
constexpr std::string_view kMagic = "SLUC";
constexpr std::int32_t kVersion = 1;
constexpr std::int64_t kFootBytes = 48;
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kWriteAtOnce = 1 << 20;

std::string records_file(const std::string& folder, QueueOffset upto) {
  return folder + '/' + file_name(upto.value) + ".records";
}
std::string table_path(const std::string& folder) { return folder + "/table"; }
std::string new_table_path(const std::string& folder) { return folder + "/table.tmp"; }

/// Puts the sum behind what it is of.
void seal(std::byte* bytes, std::int64_t size) {
  const auto summed = static_cast<std::size_t>(size) - kCrcBytes;
  store_be(bytes + summed, crc32(Bytes(bytes, summed)));
}

bool is_sealed(Bytes bytes) {
  const Bytes summed = bytes.first(bytes.size() - kCrcBytes);
  return load_be<std::uint32_t>(bytes.data() + summed.size()) == crc32(summed);
}

void encode_row(const CompactedRow& row, std::byte* to) {
  ByteWriter out(to);
  out.put(row.offset.value);
  out.put(row.at);
  out.put(row.size);
  out.put(row.tags_code);
  out.put(row.key[0]);
  out.put(row.key[1]);
  seal(to, kRowBytes);
}

struct Foot {
  std::int64_t upto = 0, count = 0, records_bytes = 0;
};

void encode_foot(const Foot& foot, std::byte* to) {
  std::fill_n(to, kFootBytes, std::byte{0});
  ByteWriter out(to);
  out.put(kMagic);
  out.put(kVersion);
  out.put(foot.upto);
  out.put(foot.count);
  out.put(foot.records_bytes);
  seal(to, kFootBytes);
}

std::optional<Foot> decode_foot(Bytes bytes, std::int64_t table_bytes) {
  if (!is_sealed(bytes)) return std::nullopt;
  ByteReader in(bytes);
  if (in.take_text(kMagic.size()) != kMagic || in.take<std::int32_t>() != kVersion) {
    return std::nullopt;
  }
  const Foot foot{.upto = in.take<std::int64_t>(),
                  .count = in.take<std::int64_t>(),
                  .records_bytes = in.take<std::int64_t>()};
  const bool sane = foot.upto >= 0 && foot.count >= 0 && foot.count <= table_bytes / kRowBytes &&
                    foot.records_bytes >= 0 && table_bytes - kFootBytes == foot.count * kRowBytes &&
                    (foot.count > 0) == (foot.records_bytes > 0);
  return sane ? std::optional(foot) : std::nullopt;
}

Error damaged(const std::string& path, std::string_view why) {
  return {Errc::corrupt,
          fmt::format("{} is damaged ({}): restore its folder from a copy; to do without the "
                      "messages that only it has, remove the folder",
                      path, why)};
}

}  // namespace

std::optional<KeyHash128> key_of(std::string_view properties) {
  const std::string_view keys =
      wire::record::find_property(properties, wire::record::property::kKeys);
  if (std::ranges::all_of(keys, [](char c) { return c == ' '; })) return std::nullopt;
  KeyHash128 hash = murmur3_128(keys);
  if (hash == KeyHash128{}) hash[0] = 1;
  return hash;
}

std::string compacted_folder(const std::string& root) { return root + "/sluice.compacted"; }
std::string kept_folder(const std::string& root) { return root + "/sluice.kept"; }

Result<std::shared_ptr<const Compacted>> Compacted::open(Disk& disk, const std::string& folder,
                                                         std::uint32_t id) {
  const std::string path = table_path(folder);
  auto file = disk.open(path, Disk::Open::read);
  if (!file) {
    if (file.error().code() == Errc::not_found) return std::shared_ptr<const Compacted>();
    return fail(std::move(file.error()));
  }
  SLUICE_TRY(const std::int64_t size, (*file)->size());
  std::array<std::byte, kFootBytes> bytes;
  if (size < kFootBytes) return fail(damaged(path, "it is too short"));
  SLUICE_TRY(const std::size_t got, (*file)->read(size - kFootBytes, bytes));
  const auto foot = got == bytes.size() ? decode_foot(bytes, size) : std::nullopt;
  if (!foot) return fail(damaged(path, "its foot is not whole"));
  std::shared_ptr<Compacted> made(new Compacted);
  made->path_ = path;
  made->id_ = id;
  made->upto_ = made->first_ = QueueOffset(foot->upto);
  made->count_ = foot->count;
  made->records_bytes_ = foot->records_bytes;
  if (foot->count == 0) return made;
  SLUICE_TRY(made->table_, (*file)->map(size - kFootBytes));
  const std::string& records = made->records_path_ = records_file(folder, made->upto_);
  auto content = disk.open(records, Disk::Open::read);
  if (!content) return fail(damaged(records, content.error().remark()));
  SLUICE_TRY(const std::int64_t there, (*content)->size());
  if (there < foot->records_bytes) return fail(damaged(records, "it is too short"));
  SLUICE_TRY(made->records_, (*content)->map(foot->records_bytes));
  made->first_ = made->offset_of(0);
  return made;
}

QueueOffset Compacted::offset_of(std::int64_t index) const {
  return QueueOffset(load_be<std::int64_t>(table_->bytes().data() + index * kRowBytes));
}

Result<CompactedRow> Compacted::row(std::int64_t index) const {
  if (index < 0 || index >= count_) return fail(Errc::not_found);
  const Bytes bytes = table_->bytes().subspan(static_cast<std::size_t>(index * kRowBytes),
                                              static_cast<std::size_t>(kRowBytes));
  if (!is_sealed(bytes)) return fail(damaged(path_, fmt::format("row {}", index)));
  ByteReader in(bytes);
  CompactedRow row;
  row.offset = QueueOffset(in.take<std::int64_t>());
  row.at = in.take<std::int64_t>();
  row.size = in.take<std::int32_t>();
  row.tags_code = in.take<std::int64_t>();
  row.key = {in.take<std::uint64_t>(), in.take<std::uint64_t>()};
  return row;
}

std::int64_t Compacted::find(QueueOffset from) const {
  std::int64_t low = 0, high = count_;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (offset_of(middle) >= from) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

LogPosition Compacted::position_of(const CompactedRow& row) const {
  return LogPosition(kCompactedBit | std::int64_t{id_} << 40 | row.at);
}

Result<Bytes> Compacted::read(std::int64_t at, std::int64_t size) const {
  if (at < 0 || size <= 0 || at > records_bytes_ - size) return fail(Errc::not_found);
  return records_->bytes().subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size));
}

Result<std::unique_ptr<CompactedWriter>> CompactedWriter::start(Disk& disk, std::string folder,
                                                                QueueOffset upto) {
  SLUICE_CHECK(disk.make_folder(folder));
  std::unique_ptr<CompactedWriter> made(new CompactedWriter(disk, std::move(folder), upto));
  SLUICE_TRY(made->records_, disk.open(records_file(made->folder_, upto), Disk::Open::create));
  SLUICE_CHECK(made->records_->resize(0));
  SLUICE_TRY(made->table_, disk.open(new_table_path(made->folder_), Disk::Open::create));
  SLUICE_CHECK(made->table_->resize(0));
  return made;
}

Result<void> CompactedWriter::add(const CompactedRow& row, Bytes record) {
  CompactedRow placed = row;
  placed.at = records_end_ + static_cast<std::int64_t>(record_bytes_.size());
  placed.size = static_cast<std::int32_t>(record.size());
  record_bytes_.insert(record_bytes_.end(), record.begin(), record.end());
  table_bytes_.resize(table_bytes_.size() + kRowBytes);
  encode_row(placed, table_bytes_.data() + table_bytes_.size() - kRowBytes);
  ++count_;
  return record_bytes_.size() >= kWriteAtOnce ? write_out() : Result<void>();
}

Result<void> CompactedWriter::write_out() {
  if (!record_bytes_.empty()) SLUICE_CHECK(records_->write(records_end_, record_bytes_));
  if (!table_bytes_.empty()) SLUICE_CHECK(table_->write(table_end_, table_bytes_));
  records_end_ += static_cast<std::int64_t>(record_bytes_.size());
  table_end_ += static_cast<std::int64_t>(table_bytes_.size());
  record_bytes_.clear();
  table_bytes_.clear();
  return {};
}

Result<void> CompactedWriter::commit() {
  table_bytes_.resize(table_bytes_.size() + kFootBytes);
  const auto records_bytes = records_end_ + static_cast<std::int64_t>(record_bytes_.size());
  encode_foot({.upto = upto_.value, .count = count_, .records_bytes = records_bytes},
              table_bytes_.data() + table_bytes_.size() - kFootBytes);
  SLUICE_CHECK(write_out());
  SLUICE_CHECK(records_->sync());
  SLUICE_CHECK(table_->sync());
  SLUICE_CHECK(disk_.sync_folder(folder_));
  SLUICE_CHECK(disk_.rename(new_table_path(folder_), table_path(folder_)));
  SLUICE_CHECK(disk_.sync_folder(folder_));
  return remove_leftovers(disk_, folder_);
}

Result<void> remove_leftovers(Disk& disk, const std::string& folder) {
  SLUICE_TRY(const auto current, Compacted::open(disk, folder, 0));
  const std::string kept = current ? records_file(folder, current->upto()) : std::string();
  SLUICE_TRY(const auto names, disk.list(folder));
  for (const std::string& name : names) {
    const std::string path = folder + '/' + name;
    if (path != kept && path != table_path(folder)) SLUICE_CHECK(disk.remove(path));
  }
  return {};
}

Result<void> remove_kept(Disk& disk, const std::string& folder) {
  SLUICE_CHECK(disk.remove(table_path(folder)));
  SLUICE_CHECK(disk.sync_folder(folder));
  return disk.remove(folder);
}

Result<void> sync_folders(Disk& disk, std::string folder, const std::string& root) {
  while (folder.size() > root.size()) {
    folder.resize(folder.rfind('/'));
    SLUICE_CHECK(disk.sync_folder(folder));
  }
  return {};
}

}  // namespace sluice::store
