// A capturing lambda and a brace-built aggregate beside co_await: each must be destroyed exactly
// once.
#include <coroutine>
#include <cstdio>
#include <expected>
#include <string>

static int alive = 0;
struct Counted {
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  ~Counted() { --alive; }
};
struct Aggregate {
  Counted counted;
  std::string text;
};

struct Task {
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};

template <class F>
struct Wait {
  F f;
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) {}
  bool await_resume() { return f(); }
};
template <class F>
Wait<F> wait(F f) {
  return {std::move(f)};
}
struct TakeAggregate {
  Aggregate aggregate;
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) {}
  bool await_resume() { return !aggregate.text.empty(); }
};

static Task run() {
  Counted counted;
  if (co_await wait([counted] { return true; })) {
    co_await TakeAggregate{Aggregate{{}, "some text that is not short enough to be stored inline"}};
  }
}

int main() {
  std::expected<int, int> works = 1;
  Task task = run();
  while (!task.handle.done()) task.handle.resume();
  task.handle.destroy();
  std::printf("objects left: %d\n", alive);
  return alive == 0 && works ? 0 : 1;
}
