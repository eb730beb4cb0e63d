#include "app/stop_signals.h"

#include <csignal>
#include <ctime>

namespace sluice::app {
namespace {

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

StopSignals::~StopSignals() {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool StopSignals::arrived() {
  const sigset_t set = stop_set();
  const timespec at_once{};
  if (sigtimedwait(&set, nullptr, &at_once) > 0) arrived_ = true;
  return arrived_;
}

int StopSignals::wait() const {
  const sigset_t set = stop_set();
  int signal = 0;
  sigwait(&set, &signal);
  return signal;
}

}  // namespace sluice::app
