#include "broker/timer_check.h"

#include <algorithm>
#include <array>

namespace sluice::broker {

Result<ApacheTimers> read_timer_check(store::Disk& disk, const std::string& path) {
  constexpr std::size_t kBytes = 24;
  if (!disk.exists(path)) return ApacheTimers{};
  SLUICE_TRY(const auto file, disk.open(path, store::Disk::Open::read));
  std::array<std::byte, kBytes> raw{};
  SLUICE_TRY(const std::size_t got, file->read(0, raw));
  if (got < raw.size()) return ApacheTimers{};
  ByteReader in(raw);
  ApacheTimers found;
  found.read_ms = std::max<std::int64_t>(in.take<std::int64_t>(), 0);
  in.take_bytes(sizeof(std::int64_t));
  found.queued = QueueOffset(std::max<std::int64_t>(in.take<std::int64_t>(), 0));
  return found;
}

}  // namespace sluice::broker
