#include "client/engine/names.h"

#include <gtest/gtest.h>

namespace sluice::client {
namespace {

TEST(Names, AreWrappedAsJavaDoes) {
  const Names names("north");
  EXPECT_EQ(names.wrap("orders"), "north%orders");
  EXPECT_EQ(names.wrap("north%orders"), "north%orders") << "once is enough";
  EXPECT_EQ(names.wrap("%RETRY%shop"), "%RETRY%north%shop");
  EXPECT_EQ(names.wrap("%DLQ%north%shop"), "%DLQ%north%shop");
  EXPECT_EQ(names.wrap("RMQ_SYS_TRACE_TOPIC"), "RMQ_SYS_TRACE_TOPIC");
  EXPECT_EQ(names.wrap("rmq_sys_wheel_timer"), "rmq_sys_wheel_timer");
  EXPECT_EQ(names.wrap("CID_RMQ_SYS_TRANS"), "CID_RMQ_SYS_TRANS");
  EXPECT_EQ(Names("").wrap("orders"), "orders");
}

TEST(Names, AreStrippedOfTheirOwnNamespaceOnly) {
  const Names names("north");
  const auto stripped = [&](std::string name) {
    names.strip(name);
    return name;
  };
  EXPECT_EQ(stripped("north%orders"), "orders");
  EXPECT_EQ(stripped("%RETRY%north%shop"), "%RETRY%shop");
  EXPECT_EQ(stripped("south%orders"), "south%orders");
  EXPECT_EQ(stripped("northern"), "northern");
}

TEST(Names, OfQueuesAreThoseOfTheirTopics) {
  const Names names("north");
  const Queue plain{"orders", "broker-a", 3}, whole{"north%orders", "broker-a", 3};
  EXPECT_EQ(names.wrap(plain), whole);
  EXPECT_EQ(names.wrap(std::vector{plain, whole}), (std::vector{whole, whole}));
  EXPECT_EQ(names.stripped({whole}), std::vector{plain});
}

}  // namespace
}  // namespace sluice::client
