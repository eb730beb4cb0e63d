#include "delivery/dispatch/testing/history.h"

#include <cstdlib>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "base/numbers.h"

namespace sluice::delivery {
namespace {

using testing::Fault;
using testing::History;

constexpr std::uint64_t kHistories = 12'000;

std::string story(std::uint64_t seed, Fault fault) {
  History history(seed, fault, true);
  const std::string verdict = history.run();
  std::string text;
  for (const std::string& line : history.trace()) text += line + "\n";
  return text + "verdict: " + (verdict.empty() ? "kept" : verdict);
}

/// SLUICE_SEED=n plays one history and prints it.
TEST(Histories, KeepWhatTheMatrixPromises) {
  if (const char* seed = std::getenv("SLUICE_SEED")) {
    const auto number = parse_number<std::uint64_t>(seed);
    ASSERT_TRUE(number) << "SLUICE_SEED is not a number: " << seed;
    const std::string text = story(*number, Fault::none);
    std::cout << text << "\n";
    EXPECT_TRUE(text.ends_with("verdict: kept"));
    return;
  }
  std::size_t handed = 0;
  for (std::uint64_t seed = 1; seed <= kHistories; ++seed) {
    History history(seed);
    const std::string verdict = history.run();
    handed += history.handed();
    ASSERT_EQ(verdict, "") << "SLUICE_SEED=" << seed << " replays it:\n"
                           << story(seed, Fault::none);
  }
  EXPECT_GT(handed, 20 * kHistories) << "too little happens in them to show anything";
  RecordProperty("handed", std::to_string(handed));
}

class PlantedFault : public ::testing::TestWithParam<int> {};

TEST_P(PlantedFault, IsFound) {
  const auto fault = static_cast<Fault>(GetParam());
  constexpr std::uint64_t kEnough = 2'000;
  std::uint64_t seed = 1;
  while (seed <= kEnough && History(seed, fault).run().empty()) ++seed;
  EXPECT_LE(seed, kEnough) << "no history shows the fault";
  RecordProperty("histories", std::to_string(seed));
}

INSTANTIATE_TEST_SUITE_P(Histories, PlantedFault, ::testing::Range(1, testing::kFaults));

}  // namespace
}  // namespace sluice::delivery
