#include "doors/remoting/broker/rates.h"

#include <gtest/gtest.h>

namespace sluice::doors {
namespace {

TEST(Rates, AreZeroBeforeThereAreTwoSamples) {
  Rates rates;
  EXPECT_EQ(rates.text(&Rates::Counters::put_messages), "0.00 0.00 0.00");
  rates.sample({.put_messages = 5}, SteadyTime(milliseconds(0)));
  EXPECT_EQ(rates.text(&Rates::Counters::put_messages), "0.00 0.00 0.00");
}

TEST(Rates, CountOverTenSecondsAMinuteAndTenMinutes) {
  Rates rates;
  for (int i = 0; i <= 60; ++i) {
    // 10 a second for nine minutes, then 100 a second
    const int put = i <= 54 ? i * 100 : 5400 + (i - 54) * 1000;
    rates.sample({.put_messages = put}, SteadyTime(milliseconds(i * 10'000)));
  }
  EXPECT_EQ(rates.text(&Rates::Counters::put_messages), "100.00 100.00 19.00");
  EXPECT_EQ(rates.text(&Rates::Counters::got_messages), "0.00 0.00 0.00");
}

}  // namespace
}  // namespace sluice::doors
