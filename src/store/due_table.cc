#include "store/due_table.h"

#include <fmt/format.h>

#include "base/crc32.h"
#include "store/text_file.h"

namespace sluice::store {
namespace {

constexpr std::string_view kMagic = "SLUD";
constexpr std::int32_t kVersion = 1;
constexpr std::size_t kHeadBytes = 4 + 4 + 7 * 8, kRowBytes = 24, kCrcBytes = 4;

std::string path_of(const std::string& folder) { return folder + "/index"; }

std::string to_bytes(const DueTable& table) {
  std::string bytes(kHeadBytes + table.rows.size() * kRowBytes + kCrcBytes, '\0');
  ByteWriter out(std::as_writable_bytes(std::span(bytes)).data());
  out.put(kMagic);
  out.put(kVersion);
  out.put(table.known.waiting.value);
  out.put(table.known.done.value);
  out.put(table.known.log_end.value);
  out.put(table.known.foreign_ms);
  out.put(table.known.foreign.value);
  out.put(table.next_number);
  out.put(static_cast<std::int64_t>(table.rows.size()));
  for (const DueTable::Row& row : table.rows) {
    out.put(row.number);
    out.put(row.consumed);
    out.put(row.min_position);
  }
  out.put(crc32(as_bytes(bytes).first(bytes.size() - kCrcBytes)));
  return bytes;
}

std::optional<DueTable> from_bytes(std::string_view text) {
  const Bytes bytes = as_bytes(text);
  if (bytes.size() < kHeadBytes + kCrcBytes) return std::nullopt;
  const Bytes checked = bytes.first(bytes.size() - kCrcBytes);
  if (load_be<std::uint32_t>(checked.data() + checked.size()) != crc32(checked)) {
    return std::nullopt;
  }
  ByteReader in(checked);
  if (in.take_text(kMagic.size()) != kMagic || in.take<std::int32_t>() != kVersion) {
    return std::nullopt;
  }
  DueTable table;
  table.known.waiting = QueueOffset(in.take<std::int64_t>());
  table.known.done = QueueOffset(in.take<std::int64_t>());
  table.known.log_end = LogPosition(in.take<std::int64_t>());
  table.known.foreign_ms = in.take<std::int64_t>();
  table.known.foreign = QueueOffset(in.take<std::int64_t>());
  table.next_number = in.take<std::int64_t>();
  const auto rows = in.take<std::int64_t>();
  if (rows < 0 || std::cmp_not_equal(rows, in.left() / kRowBytes)) return std::nullopt;
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto number = in.take<std::int64_t>();
    const auto consumed = in.take<std::int64_t>();
    const auto min_position = in.take<std::int64_t>();
    if (number <= 0 || number >= table.next_number || consumed < 0) return std::nullopt;
    table.rows.push_back({number, consumed, min_position});
  }
  const bool sound = in.ok() && in.left() == 0 && table.known.waiting.value >= 0 &&
                     table.known.done.value >= 0 && table.known.log_end.value >= 0;
  return sound ? std::optional(std::move(table)) : std::nullopt;
}

}  // namespace

std::string due_run_path(const std::string& folder, std::int64_t number) {
  return fmt::format("{}/{:020}.due", folder, number);
}

Result<void> write_due_table(Disk& disk, const std::string& folder, const DueTable& table) {
  return write_text_file(disk, path_of(folder), to_bytes(table));
}

Result<std::optional<DueTable>> read_due_table(Disk& disk, const std::string& folder) {
  constexpr auto accept = [](std::string_view text) { return from_bytes(text).has_value(); };
  SLUICE_TRY(const auto text, read_text_file(disk, path_of(folder), accept));
  return text ? from_bytes(*text) : std::nullopt;
}

}  // namespace sluice::store
