#include "store/retention.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/numbers.h"

namespace sluice::store {
namespace {

constexpr int kHours = 24;

}  // namespace

std::int32_t used_ratio(const Disk::Space& space) {
  if (space.total <= 0) return 0;
  const auto used = static_cast<double>(space.total - space.available);
  return static_cast<std::int32_t>(used * 100 / static_cast<double>(space.total));
}

Drop to_drop(const Retention& rules, const Disk::Space& space, std::int64_t log_bytes, int hour) {
  const std::int32_t used = used_ratio(space);
  const bool too_large = rules.log_bytes_max > 0 && log_bytes > rules.log_bytes_max;
  if (too_large || used >= rules.force_ratio) return Drop::oldest;
  const bool now = (rules.hours >> static_cast<unsigned>(hour) & 1U) != 0;
  return now || used >= rules.clean_ratio ? Drop::expired : Drop::nothing;
}

std::string refusal(const SpaceLimits& limits, const Disk::Space& space, const std::string& path) {
  const std::int32_t used = used_ratio(space);
  const std::string where = fmt::format("the disk of {} has {} of {} bytes in use ({} %)", path,
                                        space.total - space.available, space.total, used);
  constexpr std::string_view kHelp = "free space there, keep less (fileReservedTime, logBytesMax)";
  if (space.total > 0 && used >= limits.refuse_ratio) {
    return fmt::format("{}, messages are taken below {} % (diskSpaceWarningLevelRatio): {}", where,
                       limits.refuse_ratio, kHelp);
  }
  if (space.available < limits.reserved_bytes) {
    return fmt::format("{}, messages are taken while {} bytes are free (diskReservedBytes): {}",
                       where, limits.reserved_bytes, kHelp);
  }
  return {};
}

Result<std::uint32_t> parse_hours(std::string_view text) {
  std::uint32_t hours = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const auto hour = parse_number<int>(text.substr(0, end));
    if (!hour || *hour < 0 || *hour >= kHours) {
      return fail(Errc::invalid_argument,
                  fmt::format("deleteWhen: '{}' is no hour: 00 to 23 are allowed, several with ';' "
                              "between them",
                              text.substr(0, end)));
    }
    hours |= 1U << static_cast<unsigned>(*hour);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return hours;
}

}  // namespace sluice::store
