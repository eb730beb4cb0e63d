#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include <sluice/message.h>

#include "app/cli/consume.h"
#include "base/clock.h"

namespace sluice::app {

/// What `consume` has written to standard output, and whether that is enough. One thread.
class Consumed {
 public:
  explicit Consumed(const ConsumePlan& plan);

  /// Errors: io_error.
  Result<void> write(std::span<const ReceivedMessage> messages);
  /// How many messages may be asked for at once: no more than are still wanted.
  int wanted(int most) const;
  bool full() const { return count_ > 0 && written_ >= count_; }
  /// Nothing has come for as long as that was asked for.
  bool idle() const;

 private:
  const MessageFormat& format_;
  const std::int64_t count_, idle_seconds_;
  std::int64_t written_ = 0;
  SteadyTime last_;
};

}  // namespace sluice::app
