#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/admin.h>

#include "client/test_server.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/topics.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using client::Reply;
using client::TestServer;
using testing::HasSubstr;
using namespace wire::remoting;

std::string cluster_of(const std::string& address) {
  ClusterInfo info;
  info.brokers.push_back({.cluster = "c", .broker_name = "a", .addresses = {{0, address}}});
  info.clusters["c"] = {"a"};
  Buffer body;
  info.encode(body);
  return std::string(as_text(body.bytes()));
}

TEST(Admin, CreatesATopicAtEveryMaster) {
  TestServer names, broker;
  std::promise<std::string> created;
  names.on(GetClusterInfo::kCode, Reply{.body = cluster_of(broker.address())});
  broker.on(PutTopic::kCode, [&](const Command& request) {
    created.set_value(std::string(request.ext.get("topic")) + " " +
                      std::string(request.ext.get("writeQueueNums")) + " " +
                      std::string(request.ext.get("perm")));
    return Reply{};
  });
  Client client({.name_servers = names.address(), .name_space = "north"});
  Admin admin(client);
  const auto made = admin.put_topic({.name = "orders", .write_queues = 3, .readable = false});
  ASSERT_TRUE(made) << made.error().remark;
  EXPECT_EQ(created.get_future().get(), "north%orders 3 2");
  const auto brokers = admin.brokers();
  ASSERT_TRUE(brokers);
  ASSERT_EQ(brokers->size(), 1U);
  EXPECT_EQ(brokers->front().addresses.at(0), broker.address());
}

TEST(Admin, SaysWhoCannotBeReached) {
  Client client({.name_servers = "127.0.0.1:1", .request_timeout = 300ms});
  Admin admin(client);
  const auto topics = admin.topics();
  ASSERT_FALSE(topics);
  EXPECT_THAT(topics.error().remark, HasSubstr("127.0.0.1:1"));
}

}  // namespace
}  // namespace sluice
