#include "store/queue_table.h"

#include <algorithm>
#include <utility>

#include "base/crc32.h"
#include "base/log.h"
#include "store/layout.h"
#include "store/text_file.h"

namespace sluice::store {
namespace {

constexpr std::string_view kMagic = "SLUQ";
constexpr std::int32_t kVersion = 3, kVersionWithoutEntries = 1;
constexpr std::size_t kHeadBytes = 4 + 4 + 8, kRowsBytes = 4, kCrcBytes = 4;
constexpr std::size_t kRowBytesLeast = 2 + 4 + 8 + 8, kRowBytes = kRowBytesLeast + 4;
constexpr const char *kFresh = ".tmp", *kBefore = ".bak";  // as text_file.h has it

std::string path_of(const std::string& root) { return root + "/sluice.queues"; }

bool is_sane(const QueueRow& row) {
  return is_folder_name(row.topic) && row.id.value >= 0 && row.first >= 0 &&
         row.written >= row.first;
}

QueueRow take_row(ByteReader& in, std::int32_t version) {
  QueueRow row;
  row.topic = in.take_text(static_cast<std::size_t>(in.take<std::uint16_t>()));
  row.id = QueueId(in.take<std::int32_t>());
  row.first = in.take<std::int64_t>();
  row.written = in.take<std::int64_t>();
  if (version == kVersionWithoutEntries) return row;
  const auto count = static_cast<std::size_t>(in.take<std::uint32_t>());
  const Bytes entries = in.take_bytes(count * kIndexEntryBytes);
  row.unwritten.assign(entries.begin(), entries.end());
  return row;
}

bool is_whole(std::string_view text) {
  const Bytes bytes = as_bytes(text);
  if (bytes.size() < kHeadBytes + kRowsBytes + kCrcBytes) return false;
  const Bytes checked = bytes.first(bytes.size() - kCrcBytes);
  return load_be<std::uint32_t>(checked.data() + checked.size()) == crc32(checked);
}

std::optional<QueueTable> from_bytes(std::string_view text) {
  if (!is_whole(text)) return std::nullopt;
  const Bytes summed = as_bytes(text).first(text.size() - kCrcBytes);
  ByteReader head(summed);
  if (head.take_text(kMagic.size()) != kMagic) return std::nullopt;
  const auto version = head.take<std::int32_t>();
  if (version < kVersionWithoutEntries || version > kVersion) return std::nullopt;
  QueueTable table{.position = head.take<std::int64_t>(), .rows = {}};
  const std::size_t rows_at = version < kVersion ? kHeadBytes : summed.size() - kRowsBytes;
  const auto rows = static_cast<std::size_t>(load_be<std::uint32_t>(summed.data() + rows_at));
  const std::size_t first_row = version < kVersion ? kHeadBytes + kRowsBytes : kHeadBytes;
  ByteReader in(summed.subspan(first_row, summed.size() - kHeadBytes - kRowsBytes));
  if (rows > in.left() / kRowBytesLeast || table.position < 0) return std::nullopt;
  table.rows.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    table.rows.push_back(take_row(in, version));
    const QueueRow& row = table.rows.back();
    if (!in.ok() || !is_sane(row)) return std::nullopt;
    // Every message takes a byte of the log at least.
    const auto unwritten = std::ssize(row.unwritten) / kIndexEntryBytes;
    if (row.written > table.position - unwritten) return std::nullopt;
  }
  return in.left() == 0 ? std::optional(std::move(table)) : std::nullopt;
}

}  // namespace

QueueTableWriter::QueueTableWriter(Disk& disk, const std::string& root, std::unique_ptr<File> file)
    : disk_(&disk), root_(root), file_(std::move(file)) {}

Result<QueueTableWriter> QueueTableWriter::begin(Disk& disk, const std::string& root,
                                                 LogPosition position) {
  const std::string path = path_of(root);
  // Not where it is the only good one.
  if (disk.exists(path) && disk.exists(path + kBefore)) {
    SLUICE_CHECK(disk.rename(path + kBefore, path + kFresh));
  }
  SLUICE_TRY(auto file, disk.open(path + kFresh, Disk::Open::create));
  QueueTableWriter table(disk, root, std::move(file));
  ByteWriter out(table.more(kHeadBytes).data());
  out.put(kMagic);
  out.put(kVersion);
  out.put(position.value);
  return table;
}

/// Grows by halves and never shrinks, so that a row costs no more than its bytes.
MutableBytes QueueTableWriter::more(std::size_t bytes) {
  if (waiting_.size() - used_ < bytes) {
    waiting_.resize(std::max(used_ + bytes, waiting_.size() + waiting_.size() / 2));
  }
  return MutableBytes(waiting_).subspan(std::exchange(used_, used_ + bytes), bytes);
}

void QueueTableWriter::add(std::string_view topic, QueueId id, std::int64_t first,
                           std::int64_t written, std::span<const Bytes> unwritten) {
  std::size_t entries = 0;
  for (const Bytes part : unwritten) entries += part.size();
  ByteWriter out(more(kRowBytes + topic.size() + entries).data());
  out.put(static_cast<std::int16_t>(topic.size()));
  out.put(topic);
  out.put(id.value);
  out.put(first);
  out.put(written);
  out.put(static_cast<std::int32_t>(entries / kIndexEntryBytes));
  for (const Bytes part : unwritten) out.put(part);
  ++rows_;
}

Result<void> QueueTableWriter::write_out() {
  if (used_ == 0) return {};
  const Bytes part = Bytes(waiting_).first(std::exchange(used_, 0));
  SLUICE_CHECK(file_->write(written_, part));
  crc_ = crc32(part, crc_);
  written_ += std::ssize(part);
  return {};
}

Result<void> QueueTableWriter::finish() {
  store_be(more(kRowsBytes).data(), rows_);
  SLUICE_CHECK(write_out());
  store_be(more(kCrcBytes).data(), crc_);
  SLUICE_CHECK(write_out());
  SLUICE_CHECK(file_->resize(written_));
  SLUICE_CHECK(file_->sync());
  const std::string path = path_of(root_);
  if (disk_->exists(path)) SLUICE_CHECK(disk_->rename(path, path + kBefore));
  SLUICE_CHECK(disk_->rename(path + kFresh, path));
  return disk_->sync_folder(root_);
}

Result<std::optional<QueueTable>> read_queue_table(Disk& disk, const std::string& root) {
  auto text = read_text_file(disk, path_of(root), is_whole);
  if (!text && text.error().code() == Errc::corrupt) {
    log::warn("queue_table_ignored",
              {{"why", text.error().remark()}, {"effect", "every queue's files are looked at"}});
    return std::nullopt;
  }
  if (!text) return fail(std::move(text.error()));
  return *text ? from_bytes(**text) : std::nullopt;
}

}  // namespace sluice::store
