#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/system_executor.hpp>
#include <sluice/error.h>

/// How asynchronous operations tell their result. Every async_… of this library takes an Asio
/// completion token for `void(Outcome<T>)`:
///
///   producer.async_send(message, [](sluice::Outcome<sluice::Receipt> sent) { … });
///   std::future<…> sent = producer.async_send(message, boost::asio::use_future);
///   auto sent = co_await producer.async_send(message, boost::asio::use_awaitable);
///
/// A handler runs through its associated executor: a coroutine goes on where it runs. One without
/// (a plain lambda) runs on the client's thread: it must be quick, must not throw, and must not
/// call a blocking function of the library. Every operation completes, with Errc::closed when its
/// client, producer or consumer is closed first; until then the executor's context must live. So an
/// io_context in which coroutines wait is made before the client and goes after it. Cancellation
/// slots are not looked at.
namespace sluice {

/// The handler of one operation, whatever its type. Called once, by its destructor at the latest.
template <class T>
class Completion {
 public:
  Completion() = default;
  template <class Handler>
    requires(!std::is_same_v<std::decay_t<Handler>, Completion>)
  explicit Completion(Handler&& handler)
      : body_(new Body<std::decay_t<Handler>>(std::forward<Handler>(handler))) {}

  Completion(Completion&&) noexcept = default;
  Completion& operator=(Completion&&) = delete;
  /// Whoever drops it has been closed.
  ~Completion() {
    if (body_) (*this)(Failure{Errc::closed, "this client was closed"});
  }

  explicit operator bool() const { return body_ != nullptr; }
  void operator()(Outcome<T> outcome) {
    const auto body = std::move(body_);
    body->run(std::move(outcome));
  }

 private:
  struct Any {
    virtual ~Any() = default;
    virtual void run(Outcome<T> outcome) = 0;
  };
  template <class Handler>
  struct Body final : Any {
    using Executor = boost::asio::associated_executor_t<Handler, boost::asio::system_executor>;
    explicit Body(Handler h)
        : work(boost::asio::get_associated_executor(h, boost::asio::system_executor())),
          handler(std::move(h)) {}
    void run(Outcome<T> outcome) override {
      if constexpr (std::is_same_v<Executor, boost::asio::system_executor>) {
        Handler h(std::move(handler));
        std::move(h)(std::move(outcome));
      } else {
        const auto executor = work.get_executor();
        boost::asio::dispatch(executor, [h = std::move(handler), o = std::move(outcome)]() mutable {
          std::move(h)(std::move(o));
        });
      }
    }
    boost::asio::executor_work_guard<Executor> work;
    Handler handler;
  };
  std::unique_ptr<Any> body_;
};

/// Turns a token into a Completion and hands it to `begin`.
template <class T, class Token, class Begin>
auto initiate(Token&& token, Begin begin) {
  return boost::asio::async_initiate<Token, void(Outcome<T>)>(
      [begin = std::move(begin)](auto&& handler) mutable {
        begin(Completion<T>(std::forward<decltype(handler)>(handler)));
      },
      token);
}

}  // namespace sluice
