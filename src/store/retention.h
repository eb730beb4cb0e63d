#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "base/clock.h"
#include "store/disk.h"

/// When files of the log go, and when the disk is too full to write: rules without files. Ratios
/// are percents of the disk in use, by whomever. Source: apache/rocketmq
/// store/DefaultMessageStore.java (CleanCommitLogService).
namespace sluice::store {

struct Retention {
  milliseconds keep{std::chrono::hours(72)};  ///< fileReservedTime: a file expires
  std::uint32_t hours = 1U << 4;   ///< deleteWhen: bit h: expired files go at h:00 to h:59
  std::int32_t clean_ratio = 75;   ///< diskMaxUsedSpaceRatio: they go at once
  std::int32_t force_ratio = 85;   ///< diskSpaceCleanForciblyRatio: so do others
  std::int64_t log_bytes_max = 0;  ///< logBytesMax: the log's files; 0: no limit
};

/// What of one topic stays readable, whatever the log drops.
struct TopicRetention {
  static constexpr milliseconds kForEver = milliseconds::max();
  static constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
  milliseconds keep = kForEver;  ///< a message expires, also one that the log still has
  std::int64_t bytes = kAll;     ///< beside the log, of all its queues together
  friend bool operator==(const TopicRetention&, const TopicRetention&) = default;
};

struct SpaceLimits {
  std::int32_t refuse_ratio = 90;   ///< diskSpaceWarningLevelRatio
  std::int64_t reserved_bytes = 0;  ///< diskReservedBytes, left free at least
};

/// What may go now, oldest first.
enum class Drop : std::uint8_t { nothing, expired, oldest };
Drop to_drop(const Retention& rules, const Disk::Space& space, std::int64_t log_bytes, int hour);

/// Percent in use, 0 for a disk without a size.
std::int32_t used_ratio(const Disk::Space& space);

/// Why nothing more is to be written below `path`: names it, what is used, the limit and what
/// to do. Empty: it may be.
std::string refusal(const SpaceLimits& limits, const Disk::Space& space, const std::string& path);

/// "04" or "02;14": hours of the day, as bits. Errors: invalid_argument.
Result<std::uint32_t> parse_hours(std::string_view text);

}  // namespace sluice::store
