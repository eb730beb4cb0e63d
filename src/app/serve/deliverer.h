#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "broker/schedule.h"
#include "doors/remoting/broker/door.h"

namespace sluice::app {

/// The thread that delivers delayed messages. It sleeps until the next one is due, or until one is
/// stored that is due sooner; while none waits it does nothing. A delivery that fails (a full disk)
/// is logged and tried again a second later.
class Deliverer {
 public:
  /// Before the first message is stored. Both outlive this.
  Deliverer(broker::Schedule& schedule, const Clock& clock);
  ~Deliverer() { stop(); }
  /// `door` wakes the readers of what is delivered; it outlives the thread.
  void start(doors::BrokerDoor& door);
  /// A delivery that has begun ends before.
  void stop();

 private:
  void run(const std::stop_token& stop, doors::BrokerDoor& door);
  /// How long to sleep at most.
  milliseconds deliver(doors::BrokerDoor& door);

  broker::Schedule& schedule_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool sooner_ = false;
  std::jthread thread_;
};

}  // namespace sluice::app
