#include "app/bench/watch.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sluice::app {
namespace {

using std::chrono::steady_clock;

/// Seconds of CPU that this process has used.
double cpu_now() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double seconds_between(steady_clock::time_point from, steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Overwrites the line before it.
void say(const std::string& line) {
  if (::isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r{}\x1b[K", line);
}

Counts look(Meter& meter, int seconds, steady_clock::time_point begin, StopSignals& signals) {
  Counts sum;
  auto last = steady_clock::now();
  for (int i = 0; i < seconds && !signals.arrived(); ++i) {
    std::this_thread::sleep_until(last + std::chrono::seconds(1));
    const auto now = steady_clock::now();
    const Counts counts = meter.take();
    say(progress_line(counts, seconds_between(last, now), seconds_between(begin, now)));
    last = now;
    sum.add(counts);
  }
  return sum;
}

}  // namespace

Result<LoadReport> watch(Meter& meter, const WatchPlan& plan, StopSignals& signals) {
  const auto begin = steady_clock::now();
  Counts warmup = look(meter, plan.warmup, begin, signals);
  LoadReport report;
  const double cpu = cpu_now();
  const auto start = steady_clock::now();
  report.counts = look(meter, plan.seconds, begin, signals);
  report.cpu_seconds = cpu_now() - cpu;
  report.seconds = seconds_between(start, steady_clock::now());
  say("");
  if (report.counts.messages > 0) return report;
  warmup.add(report.counts);
  return fail(Errc::closed, warmup.failures > 0
                                ? fmt::format("no message came through: {}", warmup.first_failure)
                                : std::string("no message came in the time measured"));
}

}  // namespace sluice::app
