#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "store/compacted.h"

namespace sluice::store {

/// What of one queue lies beside the log, by offset. Either what compaction has kept, which
/// replaces the log's messages below upto(); or copies of what the log drops, in as many parts as
/// it took, which stand in for what it has dropped. Immutable, any thread.
class Kept {
 public:
  using Part = std::shared_ptr<const Compacted>;
  enum class Kind : std::uint8_t { replaces_log, behind_log };
  /// Parts by offset, none within another.
  Kept(Kind kind, std::vector<Part> parts) : kind_(kind), parts_(std::move(parts)) {}

  Kind kind() const { return kind_; }
  const std::vector<Part>& parts() const { return parts_; }
  /// Everything below was looked at; 0 without parts.
  QueueOffset upto() const { return parts_.empty() ? QueueOffset(0) : parts_.back()->upto(); }
  /// Where readers find the log's own messages, which begin at `log_min`.
  QueueOffset log_from(QueueOffset log_min) const {
    return kind_ == Kind::replaces_log ? std::max(upto(), log_min) : log_min;
  }
  /// The first message at or past `from`.
  std::optional<QueueOffset> next(QueueOffset from) const;
  /// Entries from `from` on, up to the first offset without a message. Errors: corrupt.
  Result<std::size_t> read(QueueOffset from, std::span<IndexEntry> to) const;

 private:
  std::vector<Part>::const_iterator part_of(QueueOffset offset) const;

  Kind kind_;
  std::vector<Part> parts_;
};

}  // namespace sluice::store
