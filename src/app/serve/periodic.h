#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/os/thread_name.h"

namespace sluice::app {

/// A thread that runs a function again and again, with a pause between, until destroyed. The last
/// run ends before the destructor returns.
class Periodic {
 public:
  /// `name`: see name_this_thread().
  Periodic(const std::string& name, milliseconds pause, std::function<void()> work)
      : thread_([this, name, pause, work = std::move(work)](const std::stop_token& stop) {
          name_this_thread(name);
          std::unique_lock lock(mutex_);
          while (!wake_.wait_for(lock, stop, pause, [&stop] { return stop.stop_requested(); })) {
            if (stop.stop_requested()) return;
            work();
          }
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace sluice::app
