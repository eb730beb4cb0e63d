#include "base/os/worker_pool.h"

#include <utility>

#include "base/os/thread_name.h"

namespace sluice {

WorkerPool::WorkerPool(const std::string& name, int threads, std::size_t waiting_max)
    : waiting_max_(waiting_max) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this, name](const std::stop_token& stop) {
      name_this_thread(name);
      work(stop);
    });
  }
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(std::move_only_function<void()> job) {
  {
    const std::lock_guard guard(mutex_);
    if (stopped_ || waiting_.size() >= waiting_max_) return false;
    waiting_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void WorkerPool::stop() {
  std::deque<std::move_only_function<void()>> dropped;
  {
    const std::lock_guard guard(mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
  }
  threads_.clear();
}

void WorkerPool::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    auto job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // what it held goes without the lock
    lock.lock();
  }
}

}  // namespace sluice
