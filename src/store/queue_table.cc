#include "store/queue_table.h"

#include <array>
#include <utility>

#include "base/crc32.h"
#include "base/log.h"
#include "store/layout.h"
#include "store/text_file.h"

namespace sluice::store {
namespace {

constexpr std::string_view kMagic = "SLUQ";
constexpr std::int32_t kVersion = 2, kVersionWithoutEntries = 1;
constexpr std::size_t kRowsAt = 4 + 4 + 8, kHeadBytes = kRowsAt + 4, kRowBytesLeast = 2 + 4 + 8 + 8;
constexpr std::size_t kRowBytes = kRowBytesLeast + 4, kCrcBytes = 4;

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
  if (bytes.size() < kHeadBytes + kCrcBytes) return false;
  const Bytes checked = bytes.first(bytes.size() - kCrcBytes);
  return load_be<std::uint32_t>(checked.data() + checked.size()) == crc32(checked);
}

std::optional<QueueTable> from_bytes(std::string_view text) {
  if (!is_whole(text)) return std::nullopt;
  ByteReader in(as_bytes(text).first(text.size() - kCrcBytes));
  if (in.take_text(kMagic.size()) != kMagic) return std::nullopt;
  const auto version = in.take<std::int32_t>();
  if (version != kVersion && version != kVersionWithoutEntries) return std::nullopt;
  QueueTable table{.position = in.take<std::int64_t>(), .rows = {}};
  const auto rows = static_cast<std::size_t>(in.take<std::uint32_t>());
  if (rows > in.left() / kRowBytesLeast || table.position < 0) return std::nullopt;
  table.rows.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    table.rows.push_back(take_row(in, version));
    const QueueRow& row = table.rows.back();
    if (!in.ok() || !is_sane(row)) return std::nullopt;
    // Every message takes a byte of the log at least.
    if (row.written > table.position || row.next() > table.position) return std::nullopt;
  }
  return in.left() == 0 ? std::optional(std::move(table)) : std::nullopt;
}

}  // namespace

QueueTableBytes::QueueTableBytes(LogPosition position) : bytes_(kHeadBytes, '\0') {
  ByteWriter out(std::as_writable_bytes(std::span(bytes_)).data());
  out.put(kMagic);
  out.put(kVersion);
  out.put(position.value);
}

void QueueTableBytes::add(std::string_view topic, QueueId id, std::int64_t first,
                          std::int64_t written, std::span<const Bytes> unwritten) {
  std::size_t entries = 0;
  for (const Bytes part : unwritten) entries += part.size();
  const std::size_t at = bytes_.size();
  bytes_.resize(at + kRowBytes + topic.size() + entries);
  ByteWriter out(std::as_writable_bytes(std::span(bytes_)).data() + at);
  out.put(static_cast<std::int16_t>(topic.size()));
  out.put(topic);
  out.put(id.value);
  out.put(first);
  out.put(written);
  out.put(static_cast<std::int32_t>(entries / kIndexEntryBytes));
  for (const Bytes part : unwritten) out.put(part);
  ++rows_;
}

std::string QueueTableBytes::finish() && {
  store_be(std::as_writable_bytes(std::span(bytes_)).data() + kRowsAt, rows_);
  std::array<std::byte, kCrcBytes> crc;
  store_be(crc.data(), crc32(as_bytes(bytes_)));
  bytes_.append(as_text(crc));
  return std::move(bytes_);
}

Result<void> write_queue_table(Disk& disk, const std::string& root, std::string_view bytes) {
  return write_text_file(disk, path_of(root), bytes);
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
