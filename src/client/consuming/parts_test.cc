#include <future>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/consuming/allocation.h"
#include "client/consuming/process_queue.h"
#include "client/consuming/tags.h"
#include "client/consuming/workers.h"

namespace sluice::client {
namespace {

using sluice::share_of;

std::vector<Queue> eight_queues() {
  std::vector<Queue> queues;
  for (const char* broker : {"broker-a", "broker-b"}) {
    for (int id = 0; id < 4; ++id) queues.push_back({"TopicTest", broker, id});
  }
  return queues;
}

/// `a0 a1 / b0`: each member's queues, by the last letter of the broker and the number.
std::string shown(std::size_t members, Sharing rule) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < members; ++i) ids.push_back("10.0.0.1@" + std::to_string(100 + i));
  const auto queues = eight_queues();
  std::string text;
  for (const std::string& id : ids) {
    if (!text.empty()) text += " / ";
    std::string mine;
    for (const Queue& q : share_of({id, ids, queues}, {.rule = rule}).value()) {
      mine += (mine.empty() ? "" : " ") + std::string(1, q.broker.back()) + std::to_string(q.id);
    }
    text += mine.empty() ? "-" : mine;
  }
  return text;
}

// What RocketMQ's Java classes (5.3.3, client/consumer/rebalance) give for the same lists.
TEST(Allocation, AveragesAsJavaDoes) {
  EXPECT_EQ(shown(3, Sharing::average), "a0 a1 a2 / a3 b0 b1 / b2 b3");
  EXPECT_EQ(shown(5, Sharing::average), "a0 a1 / a2 a3 / b0 b1 / b2 / b3");
  EXPECT_EQ(shown(10, Sharing::average), "a0 / a1 / a2 / a3 / b0 / b1 / b2 / b3 / - / -");
}
TEST(Allocation, GoesInACircleAsJavaDoes) {
  EXPECT_EQ(shown(3, Sharing::circle), "a0 a3 b2 / a1 b0 b3 / a2 b1");
  EXPECT_EQ(shown(5, Sharing::circle), "a0 b1 / a1 b2 / a2 b3 / a3 / b0");
}
TEST(Allocation, HashesAsJavaDoes) {
  EXPECT_EQ(shown(3, Sharing::consistent_hash), "a0 a2 b1 b3 / a3 b0 b2 / a1");
  EXPECT_EQ(shown(5, Sharing::consistent_hash), "a0 a2 / b0 / - / a1 a3 b1 b3 / b2");
  EXPECT_EQ(shown(10, Sharing::consistent_hash), "a0 / - / - / b3 / b2 / b0 / a3 / a1 / a2 b1 / -");
}
TEST(Allocation, KeepsToMachineRooms) {
  const std::vector<std::string> members{"x", "y"}, rooms{"r1"};
  std::vector<Queue> queues;
  for (int i = 0; i < 3; ++i) queues.push_back({"t", "r1@b", i});
  queues.push_back({"t", "r2@b", 0});
  queues.push_back({"t", "b", 0});
  EXPECT_EQ(machine_room_share({"x", members, queues}, rooms),
            (std::vector<Queue>{{"t", "r1@b", 0}, {"t", "r1@b", 2}}));
  EXPECT_EQ(machine_room_share({"y", members, queues}, rooms),
            (std::vector<Queue>{{"t", "r1@b", 1}}));
}
/// Rooms are what stands before the `@`.
std::string room(const std::string& name) { return name.substr(0, name.find('@')); }

TEST(Allocation, GivesQueuesToMembersNearby) {
  const SharingOptions options{
      .rule = Sharing::nearby_machine_room, .room_of_broker = room, .room_of_member = room};
  const std::vector<std::string> members{"r1@x", "r1@y", "r2@z"};
  const std::vector<Queue> queues{{"t", "r1@b", 0}, {"t", "r1@b", 1}, {"t", "r2@b", 0},
                                  {"t", "r3@b", 0}, {"t", "r3@b", 1}, {"t", "r3@b", 2}};
  const auto of = [&](const std::string& self) {
    return share_of({self, members, queues}, options).value();
  };
  EXPECT_EQ(of("r1@x"), (std::vector<Queue>{{"t", "r1@b", 0}, {"t", "r3@b", 0}}));
  EXPECT_EQ(of("r1@y"), (std::vector<Queue>{{"t", "r1@b", 1}, {"t", "r3@b", 1}}));
  EXPECT_EQ(of("r2@z"), (std::vector<Queue>{{"t", "r2@b", 0}, {"t", "r3@b", 2}}));
}
TEST(Allocation, WantsToKnowEveryRoom) {
  const SharingOptions options{.rule = Sharing::nearby_machine_room,
                               .room_of_broker = [](const auto&) { return std::string(); },
                               .room_of_member = room};
  const std::vector<std::string> members{"r1@x"};
  const std::vector<Queue> queues{{"t", "b", 0}};
  const auto share = share_of({"r1@x", members, queues}, options);
  ASSERT_FALSE(share);
  EXPECT_EQ(share.error().code, Errc::invalid_argument);
  EXPECT_EQ(share.error().remark, "no room is known for broker b");
}
TEST(Allocation, GivesNothingToWhoIsNoMember) {
  const std::vector<std::string> members{"x"};
  const auto queues = eight_queues();
  EXPECT_TRUE(average_share({"y", members, queues}).empty());
  EXPECT_TRUE(consistent_hash_share({"y", members, queues}).empty());
}

std::vector<ReceivedMessage> messages(std::int64_t from, std::int64_t to) {
  std::vector<ReceivedMessage> all;
  for (std::int64_t i = from; i < to; ++i) all.push_back({.offset = i, .body = "body"});
  return all;
}

TEST(ProcessQueue, CommitsOnlyWhatAllBeforeIsDone) {
  ProcessQueue queue;
  EXPECT_EQ(queue.committable(), -1);
  queue.add(messages(10, 14));
  const auto first = queue.take(1), second = queue.take(1), rest = queue.take(5);
  EXPECT_EQ(rest.size(), 2U);
  queue.done(second);
  EXPECT_EQ(queue.committable(), 10);
  queue.done(first);
  EXPECT_EQ(queue.committable(), 12);
  queue.done(rest);
  EXPECT_EQ(queue.committable(), 14);
  EXPECT_EQ(queue.bytes(), 0U);
}
TEST(ProcessQueue, BringsBackInOrderWhatWasGivenBack) {
  ProcessQueue queue;
  queue.add(messages(0, 3));
  const auto taken = queue.take(2);
  queue.give_back(taken);
  EXPECT_EQ(queue.take(3).front().offset, 0);
}
TEST(ProcessQueue, StopsReadingAtEachThreshold) {
  ProcessQueue queue;
  queue.add(messages(0, 10));
  EXPECT_TRUE(may_read(queue, {.messages = 11, .bytes = 41, .span = 9}));
  EXPECT_FALSE(may_read(queue, {.messages = 10, .bytes = 41, .span = 9}));
  EXPECT_FALSE(may_read(queue, {.messages = 11, .bytes = 40, .span = 9}));
  EXPECT_FALSE(may_read(queue, {.messages = 11, .bytes = 41, .span = 8}));
}

TEST(Tags, AreThoseBetweenTheBars) {
  EXPECT_TRUE(names_tag("a || b||c", "b"));
  EXPECT_TRUE(names_tag("a || b||c", "c"));
  EXPECT_FALSE(names_tag("a || b", ""));
  EXPECT_FALSE(names_tag("ab || c", "a"));
  EXPECT_TRUE(takes_all("*"));
  EXPECT_FALSE(takes_all("a"));
}

TEST(Workers, LeaveAJobBehindThatDoesNotEnd) {
  std::promise<void> begun, go, gone;
  {
    Workers workers(2);
    workers.submit([&, held = std::shared_ptr<void>(nullptr, [&](void*) { gone.set_value(); })] {
      begun.set_value();
      go.get_future().wait();
    });
    begun.get_future().wait();
    workers.end();  // does not wait for it
    EXPECT_EQ(workers.threads(), 0U);
  }
  go.set_value();
  gone.get_future().wait();  // what the job held is let go when it ends
}

}  // namespace
}  // namespace sluice::client
