#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "base/log.h"
#include "run.h"

/// sluice_sim [--seed N] [--seconds S] [--runs N] [--notes]: plays runs from seed N on, until the
/// time is over or a promise breaks. Ends with 0, 1 (broken) or 2 (usage).
namespace {

using namespace sluice::sim;

struct Arguments {
  std::uint64_t seed = 1;
  double seconds = 0;  ///< 0: one run
  bool notes = false;
  bool log = false;
};

bool parse(int argc, char** argv, Arguments& to) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--notes") {
      to.notes = true;
    } else if (name == "--log") {
      to.log = true;
    } else if (name == "--seed" && i + 1 < argc) {
      to.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (name == "--seconds" && i + 1 < argc) {
      to.seconds = std::strtod(argv[++i], nullptr);
    } else {
      fmt::print(stderr, "sluice_sim: {} is not known\n", name);
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

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) return 2;
  sluice::log::set_level(arguments.log ? sluice::log::Level::info : sluice::log::Level::off);
  using Seconds = std::chrono::duration<double>;
  const auto begin = std::chrono::steady_clock::now();
  std::chrono::milliseconds simulated{0};
  std::int64_t runs = 0, messages = 0, starts = 0;
  double real = 0;
  do {
    const Outcome outcome = play(arguments.seed++);
    ++runs;
    simulated += outcome.simulated;
    messages += outcome.messages;
    starts += outcome.starts;
    real = Seconds(std::chrono::steady_clock::now() - begin).count();
    if (outcome.broken.empty() && arguments.seconds > 0) continue;
    tell(outcome, arguments.notes || !outcome.broken.empty());
    if (outcome.broken.empty()) continue;
    fmt::print("again: ./dev sim --seed {}\n", outcome.seed);
    return 1;
  } while (real < arguments.seconds);
  fmt::print(
      "{} runs, {} messages, {} starts; {:.0f} s simulated in {:.1f} s: {:.0f} x real time\n", runs,
      messages, starts, Seconds(simulated).count(), real, Seconds(simulated).count() / real);
  return 0;
}
