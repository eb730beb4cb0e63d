#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "store/segment.h"
#include "wire/record/record.h"

namespace sluice::store {

/// Whether what a record says of itself can be: the CRC is of its body alone. It lies where it
/// says, its topic can name a folder, and every message before it in its queue took a byte at
/// least.
bool is_sane(const wire::record::Decoded& found, std::int64_t position);

/// No disk tears a write within so many bytes, counted from the begin of the file.
inline constexpr std::size_t kPieceBytes = 64;
/// Whether a power cut may have taken a piece of the record's properties, which no CRC covers: it
/// reads as zeros. Everywhere else a lost piece shows. `at` is where the record begins in its file.
bool lacks_a_piece(const wire::record::Decoded& found, std::int64_t at);
/// Whether lacks_a_piece() could be true of a whole record with these properties.
bool may_seem_torn(std::string_view properties);

/// Where the log goes on behind damage: the first position at or after `from`, and before `below`,
/// at which a whole and sane record lies. Goes over every byte of the segments, some
/// hundred megabytes a second.
std::optional<std::int64_t> next_whole_record(const SegmentSet& log, std::int64_t from,
                                              std::int64_t below);

/// Whether a whole and sane record lies there.
bool is_whole_record(const SegmentSet& log, std::int64_t position);

}  // namespace sluice::store
