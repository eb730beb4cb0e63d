#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/ids.h"

/// What the delivery engine sees of a queue. Implemented by whoever has the log; called only within
/// a call of Dispatch, by its thread.
namespace sluice::delivery {

/// A member of one group, as its owner numbers them: unique among those that ever joined the same
/// Dispatch, from 1 to kCalendar - 1.
using MemberId = std::uint32_t;
inline constexpr MemberId kNobody = 0;
/// Held a message before a restart: whoever shows the receipt.
inline constexpr MemberId kStranger = 0xffff'fffe;
/// Holds messages whose time has not come.
inline constexpr MemberId kCalendar = 0xffff'fffd;
/// Holds dead messages until they are buried.
inline constexpr MemberId kUndertaker = 0xffff'ffff;

/// A message as far as delivery is concerned.
struct Entry {
  QueueOffset offset;
  std::int64_t tag = 0;   ///< hash of its tag
  std::uint32_t key = 0;  ///< hash of the key whose order matters
  /// Stored in one batch with the entry before it: both go to the same member, even when that takes
  /// more permits than it has.
  bool joined = false;
  /// Not handed out earlier, unless the whole queue is in order; then it has no order among others
  /// of its key. The epoch: no such time.
  WallTime not_before;
};

class QueueView {
 public:
  virtual ~QueueView() = default;
  /// The offset of the next message to arrive.
  virtual QueueOffset end() const = 0;
  /// Fills `out` with entries at or after `from`, ascending, and gives how many. 0: there are none.
  /// Offsets may be missing (deleted, or no messages): they count as finished.
  virtual std::size_t read(QueueOffset from, std::span<Entry> out) const = 0;
  virtual bool wanted_by(MemberId member, const Entry& entry) const = 0;
};

/// The entry at `offset` itself, when it is there.
inline std::optional<Entry> entry_at(const QueueView& view, QueueOffset offset) {
  std::array<Entry, 1> entry;
  const bool there = view.read(offset, entry) == 1 && entry[0].offset == offset;
  return there ? std::optional(entry[0]) : std::nullopt;
}

}  // namespace sluice::delivery
