#pragma once

#include <utility>
#include <vector>

#include "client/engine/latch.h"
#include "client/engine/task.h"

namespace sluice::client {

/// Runs tasks side by side; ends with the last of them.
inline Task<void> together(std::vector<Task<void>> tasks) {
  Latch running;
  for (Task<void>& task : tasks) {
    run_detached([](Latch& latch, Task<void> one) -> Task<void> {
      const Inside inside(latch);
      co_await std::move(one);
    }(running, std::move(task)));
  }
  co_await running;
}

}  // namespace sluice::client
