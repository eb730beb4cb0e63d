#include <gtest/gtest.h>

#include "client/producing/fault_table.h"
#include "client/producing/outgoing.h"
#include "client/producing/queue_picker.h"
#include "wire/record/properties.h"
#include "wire/zlib.h"

namespace sluice::client {
namespace {

constexpr SteadyTime kStart{milliseconds(1'000)};

TEST(FaultTable, AvoidsABrokerByHowSlowItWas) {
  FaultTable faults;
  faults.note("a", milliseconds(549), kStart);
  EXPECT_TRUE(faults.available("a", kStart));
  faults.note("a", milliseconds(550), kStart);
  EXPECT_FALSE(faults.available("a", kStart + milliseconds(1'999)));
  EXPECT_TRUE(faults.available("a", kStart + milliseconds(2'000)));
  faults.note("a", FaultTable::kFailure, kStart);
  EXPECT_FALSE(faults.available("a", kStart + milliseconds(9'999)));
  faults.note("a", milliseconds(10), kStart);
  EXPECT_TRUE(faults.available("a", kStart)) << "a quick answer forgives";
}

std::vector<WritableQueue> queues() {
  return {{{"t", "a", 0}, "a:1"}, {{"t", "a", 1}, "a:1"}, {{"t", "b", 0}, "b:1"}};
}

TEST(QueuePicker, TakesQueuesInTurn) {
  const auto all = queues();
  QueuePicker picker(0);
  std::map<Queue, int> taken;
  for (int i = 0; i < 9; ++i) ++taken[picker.next(all, "", nullptr, kStart).queue];
  for (const auto& [queue, count] : taken) EXPECT_EQ(count, 3);
}

TEST(QueuePicker, LeavesOutTheFailedAndTheSlowBroker) {
  const auto all = queues();
  FaultTable faults;
  faults.note("b", FaultTable::kFailure, kStart);
  QueuePicker picker(0);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(picker.next(all, "", &faults, kStart).queue.broker, "a");
    EXPECT_EQ(picker.next(all, "a", &faults, kStart).queue.broker, "b") << "slow beats failed";
  }
}

TEST(QueuePicker, PlacesShardingKeysAsJavaDoes) {
  // Java: Math.abs("order-1".hashCode() % 8), "polygenelubricants".hashCode() == Integer.MIN_VALUE
  EXPECT_EQ(index_of_key("a", 8), 97U % 8);
  EXPECT_EQ(index_of_key("polygenelubricants", 7), 2U);
}

TEST(Outgoing, CarriesTagsKeysAndProperties) {
  const auto out = prepare({.topic = "t",
                            .body = "b",
                            .tag = "x",
                            .keys = {"k1", "k2"},
                            .properties = {{"p", "1"}},
                            .delay_level = 3},
                           "ID", {});
  ASSERT_TRUE(out) << out.error().remark();
  using wire::record::find_property;
  EXPECT_EQ(find_property(out->properties, "TAGS"), "x");
  EXPECT_EQ(find_property(out->properties, "KEYS"), "k1 k2");
  EXPECT_EQ(find_property(out->properties, "p"), "1");
  EXPECT_EQ(find_property(out->properties, "DELAY"), "3");
  EXPECT_EQ(find_property(out->properties, "UNIQ_KEY"), "ID");
  EXPECT_EQ(out->sys_flag, 0);
}

TEST(Outgoing, CompressesWhatIsLong) {
  const std::string body(10'000, 'x');
  const auto out = prepare({.topic = "t", .body = body}, "ID", {});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->sys_flag, 0x301);
  EXPECT_LT(out->message.body.size(), 200U);
  EXPECT_EQ(as_text(wire::inflate(as_bytes(out->message.body), 1 << 20)->bytes()), body);
}

TEST(Outgoing, RefusesWhatBrokersWould) {
  EXPECT_EQ(prepare({.topic = "", .body = "b"}, "I", {}).error().code(), Errc::invalid_name);
  EXPECT_EQ(prepare({.topic = "t", .body = ""}, "I", {}).error().code(), Errc::message_illegal);
  EXPECT_EQ(prepare({.topic = "t", .body = "bb"}, "I", {.max_message_bytes = 1}).error().code(),
            Errc::message_too_large);
  EXPECT_EQ(prepare({.topic = "t", .body = "b", .tag = "a\x01"}, "I", {}).error().code(),
            Errc::message_illegal);
  EXPECT_EQ(prepare({.topic = "t", .body = "b", .keys = {"a b"}}, "I", {}).error().code(),
            Errc::message_illegal);
}

}  // namespace
}  // namespace sluice::client
