#include "broker/timer_record.h"

#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using namespace std::chrono_literals;
using namespace testing;

TEST(TimerRecord, NeverTakesARecordOfApachesForEarlierThanItsSenderAsked) {
  const auto due = [](std::string_view properties, std::int64_t stored_ms) {
    wire::record::Decoded found;
    found.message.properties = properties;
    found.placement.store_ms = stored_ms;
    return due_ms_of(found, 1s).value_or(-1);
  };
  EXPECT_EQ(due(properties_of({{"TIMER_DELIVER_MS", "44769"}, {"TIMER_OUT_MS", "44000"}}), 1),
            44'769);
  EXPECT_EQ(due(properties_of({{"TIMER_DELIVER_MS", "45000"}, {"TIMER_OUT_MS", "44000"}}), 1),
            45'000);
  EXPECT_EQ(due(properties_of({{"TIMER_DELAY_SEC", "5"}, {"TIMER_OUT_MS", "44000"}}), 39'100),
            44'100);
  EXPECT_EQ(due(properties_of({{"TIMER_DELAY_SEC", "5"}, {"TIMER_OUT_MS", "44000"}}), 99'000),
            45'000);
  EXPECT_EQ(due(properties_of({{"TIMER_OUT_MS", "44000"}}), 1), 44'001);
  EXPECT_EQ(due("", 1), -1);
}

TEST(TimerRecord, KnowsARecallInBothFormsOfApaches) {
  EXPECT_TRUE(is_recall_of("U2", "T", "U2"));
  EXPECT_TRUE(is_recall_of("T+U2", "T", "U2"));
  for (const char* other : {"", "U3", "+U2", "S+U2", "TU2", "T+U22"}) {
    EXPECT_FALSE(is_recall_of(other, "T", "U2")) << other;
  }
  EXPECT_FALSE(is_recall_of("", "T", ""));
}

TEST(RecallHandle, IsApachesWithAWordMore) {
  const RecallHandle handle{
      .topic = "TD", .broker = "broker-a", .due_ms = 1'795'255'045'001, .unique_key = "U2"};
  EXPECT_EQ(to_text(handle), "djEgVEQgYnJva2VyLWEgMTc5NTI1NTA0NTAwMSBVMg==");
  const auto read = parse_recall_handle(to_text(handle));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->topic, "TD");
  EXPECT_EQ(read->due_ms, handle.due_ms);
  EXPECT_FALSE(read->position);
  for (const char* text : {"", "!!", "djEg", "djIgYSBiIDEgYw=="}) {
    EXPECT_EQ(code_of(parse_recall_handle(text)), Errc::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace sluice::broker
