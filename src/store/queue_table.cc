#include "store/queue_table.h"

#include "base/crc32.h"
#include "base/log.h"
#include "store/layout.h"
#include "store/text_file.h"

namespace sluice::store {
namespace {

constexpr std::string_view kMagic = "SLUQ";
constexpr std::int32_t kVersion = 1;
constexpr std::size_t kHeadBytes = 4 + 4 + 8 + 4, kRowBytes = 2 + 4 + 8 + 8, kCrcBytes = 4;

std::string path_of(const std::string& root) { return root + "/sluice.queues"; }

std::string to_bytes(const QueueTable& table) {
  std::size_t size = kHeadBytes + kCrcBytes;
  for (const QueueRow& row : table.rows) size += kRowBytes + row.topic.size();
  std::string bytes(size, '\0');
  ByteWriter out(std::as_writable_bytes(std::span(bytes)).data());
  out.put(kMagic);
  out.put(kVersion);
  out.put(table.position);
  out.put(static_cast<std::int32_t>(table.rows.size()));
  for (const QueueRow& row : table.rows) {
    out.put(static_cast<std::int16_t>(row.topic.size()));
    out.put(std::string_view(row.topic));
    out.put(row.id.value);
    out.put(row.first);
    out.put(row.next);
  }
  out.put(crc32(as_bytes(bytes).first(size - kCrcBytes)));
  return bytes;
}

bool is_sane(const QueueRow& row) {
  return is_folder_name(row.topic) && row.id.value >= 0 && row.first >= 0 && row.next >= row.first;
}

std::optional<QueueTable> from_bytes(std::string_view text) {
  const Bytes bytes = as_bytes(text);
  if (bytes.size() < kHeadBytes + kCrcBytes) return std::nullopt;
  const Bytes checked = bytes.first(bytes.size() - kCrcBytes);
  if (load_be<std::uint32_t>(checked.data() + checked.size()) != crc32(checked))
    return std::nullopt;
  ByteReader in(checked);
  if (in.take_text(kMagic.size()) != kMagic) return std::nullopt;
  if (in.take<std::int32_t>() != kVersion) return std::nullopt;
  QueueTable table{.position = in.take<std::int64_t>()};
  const auto rows = static_cast<std::size_t>(in.take<std::uint32_t>());
  if (rows > in.left() / kRowBytes || table.position < 0) return std::nullopt;
  table.rows.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    QueueRow row;
    row.topic = in.take_text(static_cast<std::size_t>(in.take<std::uint16_t>()));
    row.id = QueueId(in.take<std::int32_t>());
    row.first = in.take<std::int64_t>();
    row.next = in.take<std::int64_t>();
    // Every message takes a byte of the log at least.
    if (!in.ok() || !is_sane(row) || row.next > table.position) return std::nullopt;
    table.rows.push_back(std::move(row));
  }
  return in.left() == 0 ? std::optional(std::move(table)) : std::nullopt;
}

}  // namespace

Result<std::int64_t> write_queue_table(Disk& disk, const std::string& root,
                                       const QueueTable& table) {
  const std::string bytes = to_bytes(table);
  SLUICE_CHECK(write_text_file(disk, path_of(root), bytes));
  return static_cast<std::int64_t>(bytes.size());
}

Result<std::optional<QueueTable>> read_queue_table(Disk& disk, const std::string& root) {
  constexpr auto accept = [](std::string_view text) { return from_bytes(text).has_value(); };
  auto text = read_text_file(disk, path_of(root), accept);
  if (!text && text.error().code() == Errc::corrupt) {
    log::warn("queue_table_ignored",
              {{"why", text.error().remark()}, {"effect", "every queue's files are looked at"}});
    return std::nullopt;
  }
  if (!text) return fail(std::move(text.error()));
  return *text ? from_bytes(**text) : std::nullopt;
}

}  // namespace sluice::store
