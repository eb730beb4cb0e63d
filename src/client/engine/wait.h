#pragma once

#include <future>

#include <sluice/completion.h>

#include "client/engine/core.h"

namespace sluice::client {

/// The blocking twin of an operation: `begin` gets a completion; gives what that is told. Fails at
/// once on the client's own thread, which would wait for itself, and when the client is closed.
template <class T, class Begin>
Outcome<T> wait_for(Core& core, Begin begin) {
  if (core.on_thread()) {
    return Failure{Errc::in_use,
                   "a blocking call on the client's own thread would wait for itself: use the "
                   "async_ form there"};
  }
  if (core.is_closed()) return Failure{Errc::closed, "this client was closed"};
  std::promise<Outcome<T>> promise;
  auto outcome = promise.get_future();
  begin(Completion<T>([&promise](Outcome<T> o) { promise.set_value(std::move(o)); }));
  return outcome.get();
}

/// The same for a task: runs `make()` on the client's thread, to its end.
template <class Make>
Outcome<void> wait_for_task(Core& core, Make make) {
  return wait_for<void>(core, [&](Completion<void> done) {
    core.spawn([make, done = std::move(done)]() mutable {
      return [](Make body, Completion<void> told) -> Task<void> {
        co_await body();
        told(Outcome<void>());
      }(std::move(make), std::move(done));
    });
  });
}

}  // namespace sluice::client
