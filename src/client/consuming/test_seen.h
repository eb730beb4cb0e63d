#pragma once

#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <sluice/message.h>

/// For tests only: waiting for what listeners see on other threads.
namespace sluice::client {

/// Waits for something that happens elsewhere; a test that waits in vain is ended by its limit.
template <class Ready>
void until(Ready ready) {
  while (!ready()) std::this_thread::yield();
}

/// Bodies in the order in which a listener saw them.
struct Seen {
  std::mutex mutex;
  std::vector<std::string> bodies;
  void add(std::span<const ReceivedMessage> messages) {
    const std::lock_guard lock(mutex);
    for (const auto& m : messages) bodies.emplace_back(m.body);
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex);
    return bodies;
  }
  void wait(std::size_t count) {
    until([&] { return all().size() >= count; });
  }
};

}  // namespace sluice::client
