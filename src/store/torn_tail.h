#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "store/segment.h"
#include "wire/record/record.h"

/// A record's CRC is of its body alone: a piece of its properties that a power cut has taken shows
/// by its zeros only.
namespace sluice::store {

/// No disk tears a write within so many bytes, counted from the begin of the file.
inline constexpr std::size_t kPieceBytes = 64;
/// Whether a power cut may have taken a piece of the record's properties: it reads as zeros.
/// Everywhere else a lost piece shows. `at` is where the record begins in its file.
bool lacks_a_piece(const wire::record::Decoded& found, std::int64_t at);
/// Whether lacks_a_piece() could be true of a whole record with these properties.
bool may_seem_torn(std::string_view properties);

/// Says which records of a log are torn: those that lack a piece where a crash can have torn one.
/// Elsewhere zeros are what a client sent. What was on stable storage cannot be torn:
///  - nothing, when the store was closed;
///  - what lies below our checkpoint's flushed position. Without our checkpoint (another broker had
///    the store last, or the file is lost):
///  - what was stored before the last flush that Apache's checkpoint tells of, less the 3 s that
///    Apache's broker itself keeps clear of it;
///  - what has whole records behind it that were stored a minute later: Apache's broker flushes
///    everything each 10 s, and kernels write out within half a minute.
/// A record is not older than one before it, or a clock that was set back would make it so.
class TornTail {
 public:
  struct Known {
    bool closed = false;
    std::optional<std::int64_t> flushed;  ///< what our checkpoint says
    std::int64_t apache_ms = 0;           ///< of the last record that Apache's says is flushed
  };
  TornTail(const SegmentSet& log, const Known& known) : log_(log), known_(known) {}

  /// Of whole and sane records (is_sane), in the order of the log.
  bool has(const wire::record::Decoded& found);

 private:
  std::int64_t newest_behind(std::int64_t position) const;

  const SegmentSet& log_;
  const Known known_;
  std::int64_t newest_ms_ = 0;                 ///< so far
  std::optional<std::int64_t> last_whole_ms_;  ///< of those behind the first that lacks a piece
};

}  // namespace sluice::store
