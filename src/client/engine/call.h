#pragma once

#include <coroutine>
#include <optional>
#include <string>
#include <utility>

#include "client/remoting.h"

/// `co_await call(remoting, address, request, body, timeout)` gives the Result<Answer>.
namespace sluice::client {

/// Begins the call when it is awaited; `request` and `body` must live until then.
template <class Request>
class Call {
 public:
  Call(Remoting& remoting, std::string address, const Request& request, Bytes body,
       milliseconds timeout)
      : remoting_(remoting),
        address_(std::move(address)),
        request_(request),
        body_(body),
        timeout_(timeout) {}

  bool await_ready() const { return false; }
  /// An answer may come before the start returns; then there is no suspension.
  bool await_suspend(std::coroutine_handle<> task) {
    remoting_.start(std::move(address_), request_, body_, timeout_,
                    [this, task](Result<Answer> answer) {
                      answer_.emplace(std::move(answer));
                      if (suspended_) task.resume();
                    });
    suspended_ = !answer_;
    return suspended_;
  }
  Result<Answer> await_resume() { return std::move(*answer_); }

 private:
  Remoting& remoting_;
  std::string address_;
  const Request& request_;
  Bytes body_;
  milliseconds timeout_;
  bool suspended_ = false;
  std::optional<Result<Answer>> answer_;
};

template <class Request>
Call<Request> call(Remoting& remoting, std::string address, const Request& request, Bytes body,
                   milliseconds timeout) {
  return Call<Request>(remoting, std::move(address), request, body, timeout);
}

}  // namespace sluice::client
