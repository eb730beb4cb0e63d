#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::client {

/// The threads on which a consumer's listener runs.
class Workers {
 public:
  explicit Workers(int threads);
  /// end()
  ~Workers();
  void submit(std::move_only_function<void()> job);  ///< any thread
  /// Drops what has not begun, and ends the threads but for those with a job still running: they
  /// are left to themselves and end with it. Not from within a job, but as the last one to know it.
  void end();
  std::size_t threads() const { return threads_.size(); }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable wake, ended;
    std::deque<std::move_only_function<void()>> jobs;
    bool ending = false;
    std::vector<bool> busy, gone;  ///< by thread
    void run(std::size_t index);
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::vector<std::thread> threads_;
};

}  // namespace sluice::client
