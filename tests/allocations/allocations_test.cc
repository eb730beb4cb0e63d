// In steady state a message costs the thread that serves it no allocation: not from the socket to
// the log, nor from the log to the socket.
//
// A whole broker runs in this process, with one reactor, and is spoken to over loopback. Some
// thousand messages warm it up; over the next ones the reactor's allocations are counted. What may
// allocate is rare: a chunk of a queue's index, or a list that the upkeep took away.

#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "client.h"
#include "counting.h"
#include "running_broker.h"
#include "wire/remoting/bodies/heartbeat.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"
#include "wire/remoting/response_code.h"

namespace sluice::allocations {
namespace {

namespace remoting = wire::remoting;
using in_process::Client;

constexpr int kCounted = 8'000;
constexpr int kAtOnce = 32;
/// Per message, for what is rare.
constexpr double kAllowed = 0.005;

class Allocations : public in_process::RunningBroker {
 protected:
  /// Does `work` until warm, then counts. `work(n)` handles n messages. What a message allocates is
  /// there each time; what a queue allocates after its entries were written, twice a second, is
  /// not.
  template <class Work>
  void expect_none(Work work, int messages = kCounted) {
    work(messages / 2);
    double each = kAllowed + 1;
    for (int round = 0; round < 3 && each > kAllowed; ++round) {
      const std::int64_t before = count();
      work(messages);
      each = static_cast<double>(count() - before) / messages;
    }
    RecordProperty("allocations_per_message", fmt::format("{}", each));
    EXPECT_LE(each, kAllowed);
    if (each <= kAllowed) return;
    reactor().run_and_wait([] { note_this_thread(); });
    work(kAtOnce * 4);
    ADD_FAILURE() << noted();
  }

 private:
  std::int64_t count() {
    std::int64_t result = 0;
    reactor().run_and_wait([&result] { result = of_this_thread(); });
    return result;
  }
};

/// A topic that stays, with names as long as people's are.
constexpr std::string_view kTopic = "orders-of-the-northern-shop", kGroup = "billing-of-the-shop";

struct Sender {
  explicit Sender(std::uint16_t port) : client(port) {}

  void send(int messages, int at_once, std::string_view keys = {}, int queues = 4) {
    const std::string properties = fmt::format(
        "UNIQ_KEY\x01"
        "7F0000010000000000000000000000AB\x02"
        "TAGS\x01urgent\x02{}",
        keys);
    remoting::SendMessageV2 request;
    request.producer_group = "shop";
    request.topic = kTopic;
    request.default_topic = "TBW102";
    request.properties = properties;
    for (int sent = 0; sent < messages; sent += at_once) {
      for (int i = 0; i < at_once; ++i) {
        request.queue_id = i % queues;
        client.add(request, as_bytes(body));
      }
      client.write();
      for (int i = 0; i < at_once; ++i) ASSERT_EQ(client.answer().code, remoting::kSuccess);
    }
  }

  Client client;
  std::string body = std::string(1024, 'x');
};

/// Reads queue 0 of the topic, from its start.
struct Reader {
  explicit Reader(std::uint16_t port) : client(port) {
    request.group = kGroup;
    request.topic = kTopic;
    request.max_messages = kAtOnce;
    request.suspend_ms = 20'000;
  }
  /// As push consumers do it: a heartbeat names the subscription, and pulls bring the progress.
  void join() {
    remoting::HeartbeatBody hello;
    hello.client_id = "127.0.0.1@4711";
    hello.consumers.push_back({.group = std::string(kGroup)});
    hello.consumers.back().subscriptions.push_back({.topic = std::string(kTopic)});
    Buffer body;
    hello.encode(body);
    client.add(remoting::HeartBeat{}, body.bytes());
    client.write();
    ASSERT_EQ(client.answer().code, remoting::kSuccess);
    request.sys_flag = remoting::kPullCommitOffset | remoting::kPullSuspend;
  }
  void ask() {
    request.commit_offset = request.queue_offset;
    client.add(request);
    client.write();
  }
  void take() {
    const auto& answer = client.answer();
    ASSERT_EQ(answer.code, remoting::kSuccess);
    request.queue_offset =
        parse_number<std::int64_t>(answer.ext.get("nextBeginOffset")).value_or(-1);
  }

  Client client;
  remoting::PullMessage request;
};

TEST_F(Allocations, SendsInBatchesOfAWakeHaveNone) {
  start();
  Sender sender(port());
  expect_none([&](int messages) { sender.send(messages, kAtOnce); });
}

TEST_F(Allocations, SendsOneByOneHaveNone) {
  start();
  Sender sender(port());
  expect_none([&](int messages) { sender.send(messages, 1); });
}

TEST_F(Allocations, SendsThatWaitForTheDiskHaveNone) {
  start({{"flushDiskType", "SYNC_FLUSH"}});
  Sender sender(port());
  expect_none([&](int messages) { sender.send(messages, kAtOnce); });
}

TEST_F(Allocations, LargeSendsThatArriveInPartsHaveNone) {
  start();
  Sender sender(port());
  sender.body.assign(100'000, 'x');
  // To one queue: where so few messages take so long, more would be counted for their entries.
  expect_none([&](int messages) { sender.send(messages, 4, {}, 1); }, 1'000);
}

TEST_F(Allocations, PullsOfManyHaveNone) {
  start();
  Sender sender(port());
  sender.send(kCounted * 2 * 4, kAtOnce);
  Reader reader(port());
  reader.join();
  expect_none([&](int messages) {
    for (int read = 0; read < messages; read += kAtOnce) {
      reader.ask();
      reader.take();
    }
  });
}

TEST_F(Allocations, PullsThatBringTheirSubscriptionHaveNone) {
  start();
  Sender sender(port());
  sender.send(kCounted * 2 * 4, kAtOnce);
  Reader reader(port());
  reader.request.subscription = "*";
  reader.request.sys_flag = remoting::kPullSubscription;
  expect_none([&](int messages) {
    for (int read = 0; read < messages; read += kAtOnce) {
      reader.ask();
      reader.take();
    }
  });
}

/// A pull waits, a message comes, and the pull is answered: again and again.
TEST_F(Allocations, MessagesForAWaitingPullHaveNone) {
  start();
  Sender sender(port());
  sender.send(1, 1);
  Reader reader(port());
  reader.join();
  reader.ask();
  reader.take();
  expect_none([&](int messages) {
    for (int i = 0; i < messages; ++i) {
      reader.ask();
      sender.send(1, 1);
      reader.take();
    }
  });
}

}  // namespace
}  // namespace sluice::allocations
