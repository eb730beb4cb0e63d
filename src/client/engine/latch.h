#pragma once

#include <coroutine>
#include <utility>
#include <vector>

/// Waiting for something that happens once, or for the last of several tasks to end.
namespace sluice::client {

/// Counts what is under way; tasks may wait until nothing is. Reactor's thread only.
class Latch {
 public:
  void enter() { ++count_; }
  void leave() {
    if (--count_ != 0) return;
    for (const auto task : std::exchange(waiting_, {})) task.resume();
  }
  int count() const { return count_; }

  bool await_ready() const { return count_ == 0; }
  void await_suspend(std::coroutine_handle<> task) { waiting_.push_back(task); }
  void await_resume() {}

 private:
  int count_ = 0;
  std::vector<std::coroutine_handle<>> waiting_;
};

/// Enters a latch for its own life.
class Inside {
 public:
  explicit Inside(Latch& latch) : latch_(latch) { latch_.enter(); }
  ~Inside() { latch_.leave(); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Latch& latch_;
};

}  // namespace sluice::client
