#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace sluice::net {

struct Loop;

/// A thread's event loop. Connections and timers belong to one reactor and are used on its thread
/// only.
class Reactor {
 public:
  explicit Reactor(int index);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// 0, 1, … within its pool.
  int index() const { return index_; }
  /// Runs `work` on the reactor's thread, soon. Any thread.
  void post(std::move_only_function<void()> work);
  /// Runs `work` on the reactor's thread and waits for it; at once when called on that thread.
  void run_and_wait(std::move_only_function<void()> work);
  bool on_thread() const;

  /// What Connection::keep_frames() has kept may be overwritten. On the reactor's thread.
  void let_frames_go();

  /// Runs the loop until stop(); called by the thread that becomes the reactor's.
  void run();
  void stop();

  Loop& loop() { return *loop_; }

 private:
  const int index_;
  std::unique_ptr<Loop> loop_;
};

/// Runs a function at a time. Re-arming moves it. Reactor's thread only.
class Timer {
 public:
  Timer(Reactor& reactor, std::move_only_function<void()> fire);
  ~Timer();
  void arm(milliseconds in);
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Reactors with their threads.
class ReactorPool {
 public:
  /// `count` reactors; 0 makes one per core that the process may use.
  explicit ReactorPool(int count);
  ~ReactorPool();

  std::size_t size() const { return reactors_.size(); }
  Reactor& at(std::size_t i) { return *reactors_[i]; }
  /// Reactors in turn, for new connections.
  Reactor& next();
  /// Ends every loop and joins the threads. What is still posted is not run.
  void stop();

 private:
  std::vector<std::unique_ptr<Reactor>> reactors_;
  std::vector<std::jthread> threads_;
  std::atomic<unsigned> turn_{0};
};

}  // namespace sluice::net
