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

/// Where the log goes on behind damage: the first position at or after `from`, and before `below`,
/// at which a whole and sane record lies. Goes over every byte of the segments, some
/// hundred megabytes a second.
std::optional<std::int64_t> next_whole_record(const SegmentSet& log, std::int64_t from,
                                              std::int64_t below);

/// Whether a whole and sane record lies there.
bool is_whole_record(const SegmentSet& log, std::int64_t position);

}  // namespace sluice::store
