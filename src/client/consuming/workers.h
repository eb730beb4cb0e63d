#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::client {

/// The threads on which a consumer's listener runs.
class Workers {
 public:
  explicit Workers(int threads);
  /// Drops what has not begun and waits for what has.
  ~Workers();
  void submit(std::move_only_function<void()> job);  ///< any thread

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> jobs_;
  bool ending_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace sluice::client
