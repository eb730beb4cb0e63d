#pragma once

#include <string>

#include "base/result.h"
#include "broker/timers.h"
#include "store/disk.h"

namespace sluice::broker {

/// Apache's config/timercheck: big-endian, from byte 0: the time its wheel had turned to (8), then
/// at 16 the offset of the timer topic's queue up to which messages were in the wheel (8). Never
/// negative; zeros when there is no file, or one that is too short. Errors: io_error. Source:
/// apache/rocketmq store/timer/TimerCheckpoint.java.
Result<ApacheTimers> read_timer_check(store::Disk& disk, const std::string& path);

}  // namespace sluice::broker
