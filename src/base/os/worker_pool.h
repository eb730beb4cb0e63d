#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice {

/// A fixed number of named threads for work that waits (for a disk, say), so that those which must
/// not wait hand it over. First come, first served.
class WorkerPool {
 public:
  /// `name`: at most 15 bytes, as `top -H` shows it. `waiting_max`: jobs that may wait for a
  /// thread.
  WorkerPool(const std::string& name, int threads, std::size_t waiting_max);
  ~WorkerPool();

  /// False when too many wait already, or after stop(). Any thread.
  bool submit(std::move_only_function<void()> job);
  /// Drops what waits, and returns when what runs has ended.
  void stop();

 private:
  void work(const std::stop_token& stop);

  const std::size_t waiting_max_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable_any wake_;
  std::deque<std::move_only_function<void()>> waiting_;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace sluice
