#include "net/reactor.h"

#include <future>
#include <string>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sched.h>

#include "base/log.h"
#include "base/os/thread_name.h"
#include "net/loop.h"

namespace sluice::net {
namespace {

/// Memory that the thread which runs a piece of work does not keep for its next one. Asio has a few
/// places per thread for that; what other threads allocate would fill them with pieces that do not
/// fit the reactor's own, which then come from the heap each time.
template <class T>
struct NotKept {
  using value_type = T;
  NotKept() = default;
  template <class U>
  NotKept(const NotKept<U>&) {}  // NOLINT(google-explicit-constructor): what an allocator has
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* at, std::size_t n) { std::allocator<T>().deallocate(at, n); }
  friend bool operator==(const NotKept&, const NotKept&) = default;
};

}  // namespace

Reactor::Reactor(int index) : index_(index), loop_(std::make_unique<Loop>()) {}
Reactor::~Reactor() = default;

void Reactor::post(std::move_only_function<void()> work) {
  auto run = [work = std::move(work)]() mutable { work(); };
  if (on_thread()) {
    boost::asio::post(loop_->io, std::move(run));
  } else {
    boost::asio::post(loop_->io, boost::asio::bind_allocator(NotKept<void>(), std::move(run)));
  }
}

void Reactor::run_and_wait(std::move_only_function<void()> work) {
  if (on_thread()) return work();
  // The promise goes along: this thread may be gone from here before set_value() has returned.
  std::promise<void> done;
  const std::future<void> ready = done.get_future();
  post([&work, done = std::move(done)]() mutable {
    work();
    done.set_value();
  });
  ready.wait();
}

void Reactor::let_frames_go() {
  loop_->kept = 0;
  for (Buffer& frame : loop_->kept_frames) loop_->spares.give_back(std::move(frame));
  loop_->kept_frames.clear();
}

bool Reactor::on_thread() const { return loop_->thread == std::this_thread::get_id(); }

void Reactor::run() {
  loop_->thread = std::this_thread::get_id();
  loop_->io.run();
}

void Reactor::stop() { loop_->io.stop(); }

struct Timer::State : std::enable_shared_from_this<State> {
  State(Reactor& reactor, std::move_only_function<void()> f)
      : timer(reactor.loop().io), fire(std::move(f)) {}
  boost::asio::steady_timer timer;
  std::move_only_function<void()> fire;
  bool alive = true;
};

Timer::Timer(Reactor& reactor, std::move_only_function<void()> fire)
    : state_(std::make_shared<State>(reactor, std::move(fire))) {}

Timer::~Timer() {
  state_->alive = false;
  state_->timer.cancel();
}

void Timer::arm(milliseconds in) {
  state_->timer.expires_after(in);
  state_->timer.async_wait([state = state_](boost::system::error_code error) {
    if (!error && state->alive) state->fire();
  });
}

void Timer::cancel() { state_->timer.cancel(); }

namespace {

int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace

ReactorPool::ReactorPool(int count) {
  const int n = count > 0 ? count : usable_cores();
  for (int i = 0; i < n; ++i) reactors_.push_back(std::make_unique<Reactor>(i));
  for (auto& reactor : reactors_) {
    threads_.emplace_back([&reactor = *reactor, number = threads_.size()] {
      name_this_thread("reactor-" + std::to_string(number));
      reactor.run();
    });
  }
}

ReactorPool::~ReactorPool() { stop(); }

Reactor& ReactorPool::next() {
  return *reactors_[turn_.fetch_add(1, std::memory_order_relaxed) % reactors_.size()];
}

void ReactorPool::stop() {
  for (auto& reactor : reactors_) reactor->stop();
  threads_.clear();
}

}  // namespace sluice::net
