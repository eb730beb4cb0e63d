#pragma once

#include <coroutine>
#include <utility>

#include "net/reactor.h"

/// Something a task sleeps by.
namespace sluice::client {

/// Wakes the one task that waits: after a time, or when it rings. A ring that finds nobody waiting
/// wakes the next wait at once. Reactor's thread only; it must outlive the wait.
class Alarm {
 public:
  explicit Alarm(net::Reactor& reactor) : timer_(reactor, [this] { wake(); }) {}
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void ring() {
    if (!waiting_) {
      rung_ = true;
      return;
    }
    // Not from within the ring: who rings does not expect to run another task.
    timer_.arm(milliseconds(0));
  }

  struct Wait {
    Alarm& alarm;
    milliseconds time;
    bool await_ready() { return std::exchange(alarm.rung_, false); }
    void await_suspend(std::coroutine_handle<> task) {
      alarm.waiting_ = task;
      alarm.timer_.arm(time);
    }
    void await_resume() {}
  };
  /// `co_await alarm.wait(5s)`: until it rings, at most so long.
  Wait wait(milliseconds time) { return {*this, time}; }

 private:
  void wake() {
    if (waiting_) std::exchange(waiting_, nullptr).resume();
  }

  std::coroutine_handle<> waiting_;
  bool rung_ = false;
  net::Timer timer_;
};

}  // namespace sluice::client
