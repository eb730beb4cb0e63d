#include "broker/topic_attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

using ::testing::HasSubstr;

std::string refusal(bool create, const Attributes& current, const Attributes& changes) {
  const auto altered = alter_attributes(create, current, changes);
  if (altered) return "";
  EXPECT_EQ(altered.error().code(), Errc::malformed);
  return std::string(altered.error().remark());
}

TEST(AlterAttributes, SetsChangesAndRemoves) {
  const auto made = alter_attributes(true, {}, {{"+message.type", "FIFO"}, {"+reserve.time", "5"}});
  ASSERT_TRUE(made);
  EXPECT_EQ(*made, (Attributes{{"message.type", "FIFO"}, {"reserve.time", "5"}}));
  const auto changed =
      alter_attributes(false, *made, {{"+message.type", "DELAY"}, {"-reserve.time", ""}});
  ASSERT_TRUE(changed);
  EXPECT_EQ(*changed, (Attributes{{"message.type", "DELAY"}}));
}

TEST(AlterAttributes, RefusesWhatApachesBrokerRefuses) {
  const Attributes now{{"queue.type", "BatchCQ"}, {"message.type", "FIFO"}};
  EXPECT_THAT(refusal(true, {}, {{"+colour", "red"}}), HasSubstr("known: queue.type"));
  EXPECT_THAT(refusal(true, {}, {{"+message.type", "fifo"}}), HasSubstr("allowed: UNSPECIFIED"));
  EXPECT_THAT(refusal(true, {}, {{"+reserve.time", "-2"}}), HasSubstr("-1 to"));
  EXPECT_THAT(refusal(true, {}, {{"+reserve.time", "soon"}}), HasSubstr("-1 to"));
  EXPECT_THAT(refusal(true, {}, {{"+cleanup.policy", "NEVER"}}),
              HasSubstr("allowed: DELETE, COMPACTION"));
  EXPECT_THAT(refusal(true, {}, {{"message.type", "FIFO"}}), HasSubstr("+key=value or -key"));
  EXPECT_THAT(refusal(true, {}, {{"-message.type", ""}}), HasSubstr("not set"));
  EXPECT_THAT(refusal(false, now, {{"-reserve.time", ""}}), HasSubstr("not set"));
  EXPECT_THAT(refusal(false, now, {{"+queue.type", "SimpleCQ"}}), HasSubstr("does not change"));
  EXPECT_THAT(refusal(false, now, {{"-queue.type", ""}}), HasSubstr("does not change"));
  EXPECT_THAT(refusal(false, {}, {{"+cleanup.policy", "COMPACTION"}}), HasSubstr("not change"));
  EXPECT_THAT(refusal(false, now, {{"+message.type", "DELAY"}, {"-message.type", ""}}),
              HasSubstr("both"));
}

TEST(TopicTraits, AreWhatTheAttributesSay) {
  EXPECT_EQ(traits_of({}), TopicTraits());
  EXPECT_EQ(traits_of({{"message.type", "nonsense"}}), TopicTraits());
  const TopicTraits traits = traits_of({{"message.type", "FIFO"}, {"queue.type", "BatchCQ"}});
  EXPECT_EQ(traits.type, MessageType::fifo);
  EXPECT_TRUE(traits.batches_are_one);
}

TEST(RetentionOfATopic, IsWhatTheAttributesSay) {
  using store::TopicRetention;
  EXPECT_EQ(retention_of({}), std::nullopt);
  EXPECT_EQ(retention_of({{"retention.ms", "5000"}}), TopicRetention{.keep = milliseconds(5000)});
  EXPECT_EQ(retention_of({{"retention.bytes", "7"}}), TopicRetention{.bytes = 7});
  EXPECT_EQ(retention_of({{"retention.ms", "-1"}}), TopicRetention{}) << "for ever";
  EXPECT_THAT(refusal(true, {}, {{"+retention.ms", "-2"}}), HasSubstr("-1 to 3155760000000"));
  EXPECT_THAT(refusal(true, {}, {{"+cleanup.policy", "COMPACTION"}, {"+retention.ms", "5"}}),
              HasSubstr("cleanup.policy=DELETE"));
}

TEST(MessageType, IsReadFromTheProperties) {
  const auto type = [](std::string_view name, std::string_view value) {
    std::string text =
        "a\x01"
        "b\x02";
    text.append(name).append(1, '\x01').append(value).append(1, '\x02');
    return message_type(text);
  };
  EXPECT_EQ(type("x", "y"), MessageType::normal);
  EXPECT_EQ(type("__SHARDINGKEY", "k"), MessageType::fifo);
  EXPECT_EQ(type("DELAY", "0"), MessageType::normal);
  for (const char* name : {"DELAY", "TIMER_DELAY_SEC", "TIMER_DELAY_MS", "TIMER_DELIVER_MS"}) {
    EXPECT_EQ(type(name, "3"), MessageType::delay) << name;
  }
  EXPECT_EQ(type("TRAN_MSG", "true"), MessageType::transaction);
  EXPECT_EQ(type("TRAN_MSG", "false"), MessageType::normal);
}

}  // namespace
}  // namespace sluice::broker
