#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "base/numbers.h"
#include "run.h"

/// sluice_sim [--seed N] [--seconds S] [--cpu S] [--least X] [--notes] [--log]: plays runs from
/// seed N on, until the time (of the clock, of a processor) is over or a promise breaks. Ends with
/// 0, 1 (broken, or slower than X times real time) or 2 (usage).
namespace {

using namespace sluice::sim;

struct Arguments {
  std::uint64_t seed = 1;
  std::int64_t seconds = 0;  ///< 0: one run
  std::int64_t cpu = 0;      ///< the same, of a processor
  std::int64_t least = 0;    ///< times real time
  bool notes = false;
  bool log = false;
};

bool parse(int argc, char** argv, Arguments& to) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const auto number =
        i + 1 < argc ? sluice::parse_number<std::int64_t>(argv[i + 1]) : std::nullopt;
    if (name == "--notes") {
      to.notes = true;
    } else if (name == "--log") {
      to.log = true;
    } else if (name == "--seed" && number) {
      to.seed = static_cast<std::uint64_t>(*number);
      ++i;
    } else if (name == "--seconds" && number) {
      to.seconds = *number;
      ++i;
    } else if (name == "--cpu" && number) {
      to.cpu = *number;
      ++i;
    } else if (name == "--least" && number) {
      to.least = *number;
      ++i;
    } else {
      fmt::print(stderr, "sluice_sim: {} is not known, or needs a number\n", name);
      return false;
    }
  }
  return true;
}

void tell(const Outcome& outcome, bool notes) {
  if (notes) {
    for (const std::string& line : outcome.notes) fmt::print("{}\n", line);
  }
  fmt::print("seed {}: {}\n  {}\n", outcome.seed,
             outcome.broken.empty() ? "every promise held" : "BROKEN: " + outcome.broken,
             outcome.plan);
}

// Read by a signal handler.
volatile std::sig_atomic_t current_seed = 0;

/// A process that ends by itself leaves its seed behind all the same.
void tell_crash(int signal) {
  std::array<char, 80> text{};
  const auto end = fmt::format_to_n(text.data(), text.size(), "seed {}: BROKEN: signal {}\n",
                                    static_cast<unsigned>(current_seed), signal);
  (void)!::write(STDOUT_FILENO, text.data(), std::min(end.size, text.size()));
  std::_Exit(1);
}

/// A simulation that has become slow finds less in its time. Short runs say little: some seeds have
/// many messages, others long pauses.
bool fast_enough(double speed, double real, std::int64_t least) {
  constexpr double kMeaningful = 60;
  if (real < kMeaningful || speed >= static_cast<double>(least)) return true;
  fmt::print("TOO SLOW: {:.0f} x real time, by the processor's time; it is to be {} x at least\n",
             speed, least);
  return false;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) return 2;
  sluice::log::set_level(arguments.log ? sluice::log::Level::info : sluice::log::Level::off);
  std::signal(SIGSEGV, tell_crash);
  std::signal(SIGABRT, tell_crash);
  using Seconds = std::chrono::duration<double>;
  const auto begin = std::chrono::steady_clock::now();
  std::chrono::milliseconds simulated{0};
  std::int64_t runs = 0, messages = 0, starts = 0;
  double real = 0;
  do {
    current_seed = static_cast<std::sig_atomic_t>(arguments.seed);
    const Outcome outcome = play(arguments.seed++);
    ++runs;
    simulated += outcome.simulated;
    messages += outcome.messages;
    starts += outcome.starts;
    real = Seconds(std::chrono::steady_clock::now() - begin).count();
    if (outcome.broken.empty() && arguments.seconds + arguments.cpu > 0) continue;
    tell(outcome, arguments.notes || !outcome.broken.empty());
    if (outcome.broken.empty()) continue;
    fmt::print("again: ./dev sim --seed {}\n", outcome.seed);
    return 1;
  } while (real < static_cast<double>(arguments.seconds) ||
           cpu_seconds() < static_cast<double>(arguments.cpu));
  const double played = Seconds(simulated).count(), cpu = cpu_seconds();
  fmt::print(
      "{} runs, {} messages, {} starts; {:.0f} s simulated in {:.1f} s ({:.1f} s of a processor): "
      "{:.0f} x real time\n",
      runs, messages, starts, played, real, cpu, played / cpu);
  return fast_enough(played / cpu, real, arguments.least) ? 0 : 1;
}
