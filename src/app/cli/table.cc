#include "app/cli/table.h"

#include <algorithm>
#include <string_view>

#include "base/assert.h"

namespace sluice::app {
namespace {

/// Characters of UTF-8: the bytes that do not continue one.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string Table::text() const {
  std::vector<std::size_t> widths;
  widths.reserve(columns_.size());
  for (const Column& column : columns_) widths.push_back(width(column.heading));
  for (const auto& row : rows_) {
    SLUICE_ASSERT(row.size() == columns_.size());
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  const auto put = [&](std::size_t i, std::string_view cell) {
    const std::string blanks(widths[i] - width(cell), ' ');
    if (columns_[i].align == Align::right) out += blanks;
    out += cell;
    const bool last = i + 1 == columns_.size();
    if (columns_[i].align == Align::left && !last) out += blanks;
    out += last ? "\n" : "  ";
  };
  for (std::size_t i = 0; i < columns_.size(); ++i) put(i, columns_[i].heading);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) put(i, row[i]);
  }
  return out;
}

}  // namespace sluice::app
