#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "broker/broker.h"
#include "doors/remoting/broker/door.h"

namespace sluice::app {

/// The thread that asks producers about transactions they did not end. It sleeps until the next one
/// is due, or until a half message is stored that is due sooner; while none is open it does
/// nothing. A round that fails (a full disk) is logged and tried again a second later.
class TransactionChecker {
 public:
  /// Before the first message is stored. Both outlive this.
  TransactionChecker(broker::Broker& broker, const Clock& clock);
  ~TransactionChecker() { stop(); }
  /// `door` wakes the readers of what is given up; it outlives the thread.
  void start(doors::BrokerDoor& door);
  /// A round that has begun ends before.
  void stop();

 private:
  void run(const std::stop_token& stop, doors::BrokerDoor& door);
  /// How long to sleep at most.
  milliseconds check(doors::BrokerDoor& door);

  broker::Broker& broker_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool sooner_ = false;
  std::jthread thread_;
};

}  // namespace sluice::app
