#include "client/remoting.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/test_server.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/topics.h"

namespace sluice::client {
namespace {

using namespace wire::remoting;
using testing::HasSubstr;

struct RemotingTest : testing::Test {
  net::ReactorPool reactors{1};
  Remoting remoting{reactors.at(0)};
  TestServer server;
};

TEST_F(RemotingTest, GetsTheAnswerWithFieldsAndBody) {
  server.on(GetKv::kCode, [](const Command& request) {
    const std::string key(request.ext.get("key"));
    return Reply{.fields = {{"value", "value of " + key}}, .body = "body"};
  });
  GetKv request;
  request.space = "n";
  request.key = "k";
  const auto answer = remoting.call(server.address(), request);
  ASSERT_TRUE(answer) << answer.error().remark();
  EXPECT_TRUE(check(*answer));
  EXPECT_EQ(answer->command.ext.get("value"), "value of k");
  EXPECT_EQ(as_text(answer->command.body), "body");
}

TEST_F(RemotingTest, TellsAnswersOfManyCallsApart) {
  server.on(GetKv::kCode, [](const Command& request) {
    return Reply{.fields = {{"value", std::string(request.ext.get("key"))}}};
  });
  constexpr int kCalls = 200;
  std::atomic<int> left{kCalls}, right{0};
  std::promise<void> all;
  for (int i = 0; i < kCalls; ++i) {
    const std::string key = std::to_string(i);
    GetKv request;
    request.key = key;
    remoting.start(server.address(), request, {}, kCallTimeout, [&, key](Result<Answer> answer) {
      if (answer && answer->command.ext.get("value") == key) ++right;
      if (--left == 0) all.set_value();
    });
  }
  all.get_future().wait();
  EXPECT_EQ(right, kCalls);
}

TEST_F(RemotingTest, HandsARefusalOverAsAnError) {
  server.on(GetTopicConfig::kCode, Reply{.code = 17, .remark = "no such topic"});
  const auto answer = remoting.call(server.address(), GetTopicConfig{});
  ASSERT_TRUE(answer);
  const auto refused = check(*answer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::topic_not_found);
  EXPECT_THAT(std::string(refused.error().remark()), HasSubstr("no such topic"));
}

TEST_F(RemotingTest, TimesOutWithoutAnAnswer) {
  server.on(GetTopicConfig::kCode, [](const Command&) { return std::nullopt; });
  const auto answer = remoting.call(server.address(), GetTopicConfig{}, {}, milliseconds(30));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Errc::timed_out);
  EXPECT_THAT(std::string(answer.error().remark()), HasSubstr(server.address()));
}

TEST_F(RemotingTest, FailsItsCallsWhenTheServerGoesAwayAndConnectsAgain) {
  std::promise<void> seen;
  server.on(GetTopicConfig::kCode, [&](const Command&) {
    seen.set_value();
    return std::nullopt;
  });
  std::promise<Errc> code;
  const std::string address = server.address();
  remoting.start(address, GetTopicConfig{}, {}, milliseconds(60'000), [&](Result<Answer> answer) {
    code.set_value(answer ? Errc::internal : answer.error().code());
  });
  seen.get_future().wait();
  server.stop();
  EXPECT_EQ(code.get_future().get(), Errc::closed);
  EXPECT_EQ(remoting.call(address, GetTopicConfig{}).error().code(), Errc::closed);
}

TEST_F(RemotingTest, RefusesAnAddressThatIsNone) {
  EXPECT_EQ(remoting.call("nowhere", GetTopicConfig{}).error().code(), Errc::invalid_argument);
}

TEST(Remoting, EndsItsCallsWhenDestroyed) {
  net::ReactorPool reactors(1);
  TestServer server;
  std::promise<void> seen;
  server.on(GetTopicConfig::kCode, [&](const Command&) {
    seen.set_value();
    return std::nullopt;
  });
  std::promise<Errc> code;
  {
    Remoting remoting(reactors.at(0));
    remoting.start(server.address(), GetTopicConfig{}, {}, milliseconds(60'000),
                   [&](Result<Answer> answer) {
                     code.set_value(answer ? Errc::internal : answer.error().code());
                   });
    seen.get_future().wait();
  }
  EXPECT_EQ(code.get_future().get(), Errc::closed);
}

}  // namespace
}  // namespace sluice::client
