#include "app/cli/live_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/cli/cli_fixture.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/topics.h"

namespace sluice::app {
namespace {

using testing::HasSubstr;
using testing::Not;

SteadyTime at(int seconds) { return SteadyTime(std::chrono::seconds(seconds)); }

const WallTime kNow = from_unix_ms(1'700'000'000'000);

LiveSample sample(int seconds, std::int64_t idle, std::int64_t busy) {
  return {.at = at(seconds),
          .topics = {{"busy", {.queues = 4, .messages = busy, .end = busy}},
                     {"idle", {.queues = 2, .messages = idle, .end = idle}}},
          .groups = {{{"g", "busy"},
                      {.members = 3,
                       .consumed = busy / 2,
                       .lag = busy - busy / 2,
                       .unread_since = unix_ms(kNow) - 7'500}}}};
}

TEST(LiveView, CountsRatesBetweenTwoLooks) {
  const auto json = live_json(sample(0, 10, 100), sample(2, 10, 500), kNow);
  EXPECT_EQ(json["topics"][0]["topic"], "busy") << "the busiest comes first";
  EXPECT_EQ(json["topics"][0]["inPerSecond"], 200);
  EXPECT_EQ(json["topics"][1]["inPerSecond"], 0);
  EXPECT_EQ(json["groups"][0]["outPerSecond"], 100);
  EXPECT_EQ(json["groups"][0]["secondsBehind"], 7);
  EXPECT_EQ(json["groups"][0]["lag"], 250);
}

TEST(LiveView, ATopicMadeAnewHasNoRate) {
  const auto json = live_json(sample(0, 10, 500), sample(2, 10, 100), kNow);
  EXPECT_EQ(json["topics"][0]["inPerSecond"], 0);
  EXPECT_EQ(live_json({}, sample(2, 10, 100), kNow)["topics"][0]["inPerSecond"], 0);
}

TEST(LiveView, ShowsAsManyRowsAsThereIsRoomFor) {
  const std::string text = live_text(sample(0, 10, 100), sample(2, 10, 500), kNow, 1);
  EXPECT_THAT(text, HasSubstr("2 topics, 200 messages/s in   1 groups, 100 messages/s out"));
  EXPECT_THAT(text, Not(HasSubstr("idle")));
  EXPECT_THAT(text, HasSubstr("... and 1 more"));
  EXPECT_THAT(text, HasSubstr("7 s"));
}

TEST(TopCommand, TellsWhenNobodyAnswers) {
  const Outcome outcome =
      run({"top", "--once", "--interval", "0.1", "--namesrv", "127.0.0.1:1", "--timeout", "300"});
  EXPECT_EQ(outcome.status, kExitNotThere);
  EXPECT_THAT(outcome.err, HasSubstr("127.0.0.1:1"));
}

TEST(TopCommand, RefusesAnIntervalOfNothing) {
  EXPECT_EQ(run({"top", "--interval", "0"}).status, kExitUsage);
}

}  // namespace
}  // namespace sluice::app
