#include "delivery/dispatch/matrix.h"

#include <array>
#include <utility>

namespace sluice::delivery {
namespace {

using enum Model;
using enum Mode;
constexpr auto kActive = Receiver::active;
constexpr auto kTurn = Receiver::turn;
constexpr auto kKey = Receiver::key;
constexpr std::size_t kModes = 5;

// A reader that pops in order gets one batch at a time, so that one that comes back late cannot be
// overtaken by the next; one that is pushed to has a stream, which is rewound instead.
// clang-format off
constexpr std::array kCells{
    //                                        receiver order         leases cumul. 1batch rewind 1memb. own
    Cell{pull, exclusive,  "pull exclusive",  kActive, Order::queue, false, true,  false, false, true,  false},
    Cell{pull, failover,   "pull failover",   kActive, Order::queue, false, true,  false, false, false, false},
    Cell{pull, shared,     "pull shared",     kTurn,   Order::none,  true,  false, false, false, false, false},
    Cell{pull, key_shared, "pull key-shared", kKey,    Order::key,   true,  false, false, false, false, false},
    Cell{pull, broadcast,  "pull broadcast",  kActive, Order::queue, false, true,  false, false, false, true},
    Cell{push, exclusive,  "push exclusive",  kActive, Order::queue, true,  true,  false, true,  true,  false},
    Cell{push, failover,   "push failover",   kActive, Order::queue, true,  true,  false, true,  false, false},
    Cell{push, shared,     "push shared",     kTurn,   Order::none,  true,  false, false, false, false, false},
    Cell{push, key_shared, "push key-shared", kKey,    Order::key,   true,  false, false, false, false, false},
    Cell{push, broadcast,  "push broadcast",  kActive, Order::queue, true,  true,  false, true,  false, true},
    Cell{pop,  exclusive,  "pop exclusive",   kActive, Order::queue, true,  true,  true,  false, true,  false},
    Cell{pop,  failover,   "pop failover",    kActive, Order::queue, true,  true,  true,  false, false, false},
    Cell{pop,  shared,     "pop shared",      kTurn,   Order::none,  true,  false, false, false, false, false},
    Cell{pop,  key_shared, "pop key-shared",  kKey,    Order::key,   true,  false, false, false, false, false},
    Cell{pop,  broadcast,  "pop broadcast",   kActive, Order::none,  true,  true,  false, false, false, true},
};
// clang-format on

constexpr bool in_order() {
  for (std::size_t i = 0; i < kCells.size(); ++i) {
    const std::size_t place =
        std::to_underlying(kCells[i].model) * kModes + std::to_underlying(kCells[i].mode);
    if (place != i) return false;
  }
  return kCells.size() == 3 * kModes;
}
static_assert(in_order(), "a row for every cell, in the order of the enumerators");

}  // namespace

std::span<const Cell> cells() { return kCells; }

const Cell& cell(Model model, Mode mode) {
  return kCells[std::to_underlying(model) * kModes + std::to_underlying(mode)];
}

}  // namespace sluice::delivery
