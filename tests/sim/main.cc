#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/log.h"
#include "base/numbers.h"
#include "run.h"

/// sluice_sim [--seed N] [--seconds S] [--notes] [--log]: plays runs from seed N on, until the
/// time is over or a promise breaks. Ends with 0, 1 (broken) or 2 (usage).
namespace {

using namespace sluice::sim;

struct Arguments {
  std::uint64_t seed = 1;
  std::int64_t seconds = 0;  ///< 0: one run
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
  } while (real < static_cast<double>(arguments.seconds));
  fmt::print(
      "{} runs, {} messages, {} starts; {:.0f} s simulated in {:.1f} s: {:.0f} x real time\n", runs,
      messages, starts, Seconds(simulated).count(), real, Seconds(simulated).count() / real);
  return 0;
}
