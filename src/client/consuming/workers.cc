#include "client/consuming/workers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/os/thread_name.h"

namespace sluice::client {

Workers::Workers(int threads) {
  const auto count = static_cast<std::size_t>(std::max(threads, 0));
  shared_->busy.resize(count);
  shared_->gone.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    threads_.emplace_back([shared = shared_, i] {
      name_this_thread("listener-" + std::to_string(i));
      shared->run(i);
    });
  }
}

Workers::~Workers() { end(); }

void Workers::end() {
  std::vector<bool> gone;
  {
    std::unique_lock lock(shared_->mutex);
    shared_->ending = true;
    auto dropped = std::exchange(shared_->jobs, {});
    shared_->wake.notify_all();
    shared_->ended.wait(lock, [this] {
      for (std::size_t i = 0; i < shared_->gone.size(); ++i) {
        if (!shared_->gone[i] && !shared_->busy[i]) return false;
      }
      return true;
    });
    gone = shared_->gone;
    lock.unlock();
    dropped.clear();  // may be the last to know of us
  }
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (gone[i]) {
      threads_[i].join();
    } else {
      // lint: allow(banned) a listener that does not return: nothing can end its thread but itself
      threads_[i].detach();
    }
  }
  threads_.clear();
}

void Workers::submit(std::move_only_function<void()> job) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->ending) return;
    shared_->jobs.push_back(std::move(job));
  }
  shared_->wake.notify_one();
}

void Workers::Shared::run(std::size_t index) {
  std::unique_lock lock(mutex);
  for (;;) {
    wake.wait(lock, [this] { return ending || !jobs.empty(); });
    if (ending) break;
    auto job = std::move(jobs.front());
    jobs.pop_front();
    busy[index] = true;
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
    busy[index] = false;
  }
  gone[index] = true;
  ended.notify_all();
}

}  // namespace sluice::client
