#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include <sluice/producer.h>

#include "client/consuming/workers.h"
#include "client/engine/core.h"

namespace sluice::client {

/// A producer's side of transactions after the half is stored: its decision, and its answers to
/// brokers that ask.
class Transactions {
 public:
  /// `group` with its namespace; `check` may be empty.
  Transactions(Core& core, std::string group,
               std::function<Decision(const ReceivedMessage&)> check);

  /// Tells the half's broker; waits for its answer. Reactor's thread.
  Task<Result<void>> end(Receipt half, Decision decision);
  /// A broker's question about a half message of this group. False: not for this one. Reactor's
  /// thread.
  bool serve(const std::string& address, const Answer& request);
  /// No check runs any more afterwards. Any thread but the reactor's and the checks' own.
  void end_checks();

 private:
  Core& core_;
  const std::string group_;
  const std::function<Decision(const ReceivedMessage&)> check_;
  std::mutex mutex_;  ///< checks_
  std::unique_ptr<Workers> checks_;
};

}  // namespace sluice::client
