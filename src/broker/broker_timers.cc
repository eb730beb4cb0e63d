#include <array>

#include "broker/broker.h"

/// Timed messages as the broker opens them, be the store its own or Apache's.
namespace sluice::broker {
namespace {

/// Apache's config/timercheck: big-endian, from byte 0: the time its wheel had turned to (8), then
/// at 16 the offset of the timer topic's queue up to which messages were in the wheel (8). Source:
/// apache/rocketmq store/timer/TimerCheckpoint.java.
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

}  // namespace

Result<void> Broker::load_timers() {
  SLUICE_TRY(const ApacheTimers apache, read_timer_check(disk_, config_folder_ + "/timercheck"));
  const std::string& folder = options_.timers_folder;
  return timers_.restore(disk_, folder.empty() ? config_folder_ + "/timers" : folder, apache);
}

}  // namespace sluice::broker
