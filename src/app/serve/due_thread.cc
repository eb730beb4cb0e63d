#include "app/serve/due_thread.h"

#include "base/os/thread_name.h"

namespace sluice::app {

void DueThread::start(const std::string& name, Round round) {
  thread_ = std::jthread([this, name, round = std::move(round)](const std::stop_token& stop) {
    name_this_thread(name);
    run(stop, round);
  });
}

void DueThread::sooner() {
  {
    const std::lock_guard lock(mutex_);
    sooner_ = true;
  }
  wake_.notify_one();
}

void DueThread::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void DueThread::run(const std::stop_token& stop, const Round& round) {
  while (!stop.stop_requested()) {
    const milliseconds sleep = round();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, sleep, [this] { return sooner_; });
    sooner_ = false;
  }
}

}  // namespace sluice::app
