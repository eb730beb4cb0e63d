#include "app/bench/load_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/bench/pace.h"
#include "app/bench/produce_load.h"

namespace sluice::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

LoadReport report() {
  LoadReport report{
      .work = "produce", .latency_of = "", .seconds = 2, .cpu_seconds = 0.001, .counts = {}};
  report.counts.messages = 1'000;
  report.counts.bytes = 4 << 20;
  return report;
}

TEST(LoadReport, TellsRatesAndWhatAMessageCosts) {
  const auto json = report_json(report());
  EXPECT_EQ(json["messagesPerSecond"], 500);
  EXPECT_EQ(json["bytesPerSecond"], 2 << 20);
  EXPECT_EQ(json["clientCpuMicrosPerMessage"], 1);
  EXPECT_FALSE(json.contains("latencyMicros"));
  EXPECT_THAT(report_text(report()), HasSubstr("500"));
  EXPECT_THAT(report_text(report()), Not(HasSubstr("latency")));
}

TEST(LoadReport, TellsLatencyAndFromWhereToWhere) {
  LoadReport timed = report();
  timed.latency_of = "there and back";
  for (int i = 0; i < 99; ++i) timed.counts.latency.record(100us);
  timed.counts.latency.record(3s);
  const auto json = report_json(timed)["latencyMicros"];
  EXPECT_NEAR(json["p50"].get<double>(), 100, 1);
  EXPECT_EQ(json["max"], 3'000'000);
  EXPECT_THAT(report_text(timed), HasSubstr("latency, there and back"));
  EXPECT_THAT(report_text(timed), HasSubstr("3.00 s"));
}

TEST(LoadReport, TellsWhyTheFirstMessageFailed) {
  LoadReport failed = report();
  failed.counts.failures = 2;
  failed.counts.first_failure = "the disk is full";
  EXPECT_THAT(report_text(failed), HasSubstr("the disk is full"));
  EXPECT_EQ(report_json(failed)["firstFailure"], "the disk is full");
}

TEST(Pace, IsEvenAndDoesNotDrift) {
  const Pace::Time start{};
  const Pace pace(start, 3);
  EXPECT_EQ(pace.due(0), start);
  EXPECT_EQ(pace.due(3'000'000'000), start + 1'000'000'000s);
}

TEST(TimeStamp, IsReadOnlyByItsOwnRun) {
  std::string body(TimeStamp::kBytes + 5, 'x');
  TimeStamp{.run = 7, .due_ns = 42}.write(body);
  TimeStamp read;
  EXPECT_TRUE(TimeStamp::read(body, 7, read));
  EXPECT_EQ(read.due_ns, 42);
  EXPECT_FALSE(TimeStamp::read(body, 8, read));
  EXPECT_FALSE(TimeStamp::read("short", 7, read));
}

}  // namespace
}  // namespace sluice::app
