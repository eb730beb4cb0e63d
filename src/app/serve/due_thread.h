#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"

namespace sluice::app {

/// A thread for work that falls due at known times: it does a round, sleeps as long as the round
/// says, or until told that something is due sooner. While nothing is pending it hardly wakes.
class DueThread {
 public:
  /// Gives how long to sleep until the next round.
  using Round = std::function<milliseconds()>;

  ~DueThread() { stop(); }
  void start(const std::string& name, Round round);
  /// Any thread, also before start(): the next round is due at once.
  void sooner();
  /// A round that has begun ends before.
  void stop();

 private:
  void run(const std::stop_token& stop, const Round& round);

  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool sooner_ = false;
  std::jthread thread_;
};

}  // namespace sluice::app
