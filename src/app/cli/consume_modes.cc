#include <algorithm>

#include <fmt/format.h>

#include "app/cli/consume.h"

namespace sluice::app {
namespace {

struct Cell {
  std::string_view model, mode;
  ConsumeWay way;
};

/// The first of a model is its usual mode. What is missing needs a protocol in which the broker
/// pushes or knows keys.
constexpr Cell kCells[] = {
    {"pull", "exclusive", ConsumeWay::read_alone},
    {"pull", "broadcast", ConsumeWay::read_all},
    {"push", "exclusive", ConsumeWay::share_queues},
    {"push", "failover", ConsumeWay::lock_queues},
    {"push", "broadcast", ConsumeWay::read_all_apart},
    {"pop", "shared", ConsumeWay::lease},
    {"pop", "exclusive", ConsumeWay::lease_in_order},
};

std::string modes_of(std::string_view model) {
  std::string modes;
  for (const Cell& cell : kCells) {
    if (cell.model == model) modes += fmt::format("{}{}", modes.empty() ? "" : ", ", cell.mode);
  }
  return modes;
}

}  // namespace

Result<ConsumeWay> consume_way(std::string_view model, std::string_view mode) {
  const auto* const cell = std::ranges::find_if(kCells, [&](const Cell& one) {
    return one.model == model && (mode.empty() || one.mode == mode);
  });
  if (cell != std::end(kCells)) return cell->way;
  return fail(Errc::invalid_argument,
              fmt::format("--model {} has no --mode {} with RocketMQ's protocol; it has {}", model,
                          mode, modes_of(model)));
}

std::string consume_modes() {
  return fmt::format("pull: {}; push: {}; pop: {}", modes_of("pull"), modes_of("push"),
                     modes_of("pop"));
}

}  // namespace sluice::app
