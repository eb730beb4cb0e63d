#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "store/due_run.h"

namespace sluice::broker {

/// What became of messages that waited: the body of a record of kTimerMarksTopic. Big-endian: kind
/// (1 byte), then for each message when it was due (8), where its record lies (8), its size (4).
struct TimerMark {
  enum class Kind : std::uint8_t {
    delivered = 1,  ///< the messages follow in the log, in this order
    lost = 2,       ///< they could not be read, or had no address
    again = 3,      ///< a mark named them, but a crash was faster than their messages: they wait
  };
  Kind kind = Kind::delivered;
  std::vector<store::DueEntry> entries;

  std::string body() const;
  /// Errors: corrupt.
  static Result<TimerMark> parse(Bytes body);
};

}  // namespace sluice::broker
