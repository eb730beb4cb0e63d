#pragma once

#include <mutex>

/// For mutexes that are held for a microsecond or two by threads that never sleep with them: who
/// comes second looks again for a few microseconds before it is put to sleep, because being woken
/// costs both threads more than the wait.
namespace sluice {

inline constexpr int kPatience = 100;  ///< looks, of about 40 ns each

inline std::unique_lock<std::mutex> lock_patiently(std::mutex& mutex) {
  std::unique_lock lock(mutex, std::try_to_lock);
  for (int looks = 0; looks < kPatience && !lock.owns_lock(); ++looks) {
    __builtin_ia32_pause();
    static_cast<void>(lock.try_lock());
  }
  if (!lock.owns_lock()) lock.lock();
  return lock;
}

}  // namespace sluice
