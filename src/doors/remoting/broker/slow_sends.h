#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "broker/broker.h"
#include "net/address.h"

/// Where the time of a slow send went: told in the runtime information and in a log line.
namespace sluice::doors {

/// When sends that are answered together were where.
struct SendTimes {
  SteadyTime arrived;    ///< their bytes were at this machine
  SteadyTime begun;      ///< the reactor took them up
  SteadyTime appended;   ///< they had a place in the log, and were written
  SteadyTime confirmed;  ///< … and flushed, where that is waited for
  SteadyTime answered;   ///< the reactor made the answers
};

/// The same, from when the answers had been given to the socket.
struct SendParts {
  milliseconds queue{0};   ///< they waited for the reactor, which was busy
  milliseconds append{0};  ///< checked, placed and written
  milliseconds flush{0};   ///< they waited for the disk
  milliseconds wake{0};    ///< the reactor learnt of the flush, and came to it
  milliseconds write{0};   ///< the answer waited for the socket: the client did not read
  milliseconds total() const { return queue + append + flush + wake + write; }

  SendParts(const SendTimes& times, SteadyTime written);
};

/// Answers of one connection that are not all written yet.
struct Unwritten {
  SendTimes times;         ///< of the oldest
  std::int64_t sends = 0;  ///< 0: all is written
  std::string topic;       ///< of the oldest, where it was slow already
};

/// One reactor's slow sends. Thread: that reactor.
class SlowSends {
 public:
  /// Sends that take `limit` or more are slow; 0: none is.
  SlowSends(milliseconds limit, broker::Traffic& traffic) : limit_(limit), traffic_(traffic) {}

  bool on() const { return limit_ > milliseconds(0); }
  bool is_slow(SteadyTime since, SteadyTime now) const { return now - since >= limit_; }
  /// Everything is written: counts what was slow, and logs it, but at most once a second.
  void written(Unwritten& answers, SteadyTime now, const net::Address& peer);

 private:
  void count(const SendParts& parts, std::int64_t sends);

  const milliseconds limit_;
  broker::Traffic& traffic_;
  SteadyTime last_line_{};
  std::int64_t unsaid_ = 0;  // since the last line
};

}  // namespace sluice::doors
