// What several connections ask at the same moment is taken up together: nobody's request may cost
// another its message. A whole broker runs in this process, with one reactor, which is held while
// the requests arrive.

#include <future>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "client.h"
#include "running_broker.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"
#include "wire/remoting/requests/topics.h"
#include "wire/remoting/response_code.h"

namespace sluice::wakes {
namespace {

namespace remoting = wire::remoting;
using in_process::Client;

class Wakes : public in_process::RunningBroker {
 protected:
  void SetUp() override { start(); }

  /// What `ask` writes is there as a whole when the reactor looks.
  template <class Ask>
  void at_the_same_time(Ask ask) {
    // The reactor gets what it touches for itself: this frame may be gone before it goes on.
    std::promise<void> held, go;
    const std::future<void> holding = held.get_future();
    reactor().post([held = std::move(held), gone_on = go.get_future()]() mutable {
      held.set_value();
      gone_on.wait();
    });
    holding.wait();
    ask();
    go.set_value();
  }

  static void add_send(Client& client, std::string_view body) {
    client.add(send(), as_bytes(body));
  }
  static remoting::SendMessageV2 send(std::string_view topic = "orders") {
    remoting::SendMessageV2 request;
    request.producer_group = "shop";
    request.topic = topic;
    request.default_topic = "TBW102";
    request.properties = "UNIQ_KEY\x01id\x02";
    return request;
  }

  /// Another request comes in the same wake as a send, behind it.
  template <class Request>
  void send_beside(Client& sender, Client& other, const Request& request, std::string_view body) {
    at_the_same_time([&] {
      add_send(sender, "second");
      sender.write();
      other.add(request, as_bytes(body));
      other.write();
    });
  }

  static std::string offset_of(Client& client) {
    const auto& answer = client.answer();
    EXPECT_EQ(answer.code, remoting::kSuccess);
    return std::string(answer.ext.get("queueOffset"));
  }
  static std::string end_of_queue(Client& client) {
    remoting::GetMaxOffset request;
    request.topic = "orders";
    client.add(request);
    client.write();
    return std::string(client.answer().ext.get("offset"));
  }

  /// Another connection sends something first, so that the next sender is not thought to be alone.
  void somebody_sends() {
    somebody_ = std::make_unique<Client>(port());
    add_send(*somebody_, "first");
    somebody_->write();
    EXPECT_EQ(offset_of(*somebody_), "0");
  }

 private:
  std::unique_ptr<Client> somebody_;
};

TEST_F(Wakes, AMessageGivenBackInVainCostsNobodyTheirs) {
  somebody_sends();
  Client sender(port()), consumer(port());
  remoting::ConsumerSendBack back;
  back.group = "nobody";
  back.position = 1 << 20;
  send_beside(sender, consumer, back, {});
  EXPECT_EQ(offset_of(sender), "1");
  EXPECT_NE(consumer.answer().code, remoting::kSuccess);
  EXPECT_EQ(end_of_queue(sender), "2");
}

TEST_F(Wakes, AReplyIsAnsweredWithItsOwnPlace) {
  somebody_sends();
  Client sender(port()), replier(port());
  remoting::SendReplyV2 reply;
  static_cast<remoting::SendMessage&>(reply) = send();
  send_beside(sender, replier, reply, "third");
  EXPECT_EQ(offset_of(sender), "1");
  EXPECT_EQ(replier.answer().ext.get("queueOffset"), "2");
  EXPECT_EQ(end_of_queue(sender), "3");
}

TEST_F(Wakes, AReplyToNoTopicCostsNobodyTheirs) {
  somebody_sends();
  Client sender(port()), replier(port());
  remoting::SendReplyV2 reply;
  static_cast<remoting::SendMessage&>(reply) = send();
  reply.topic = "SCHEDULE_TOPIC_XXXX";
  send_beside(sender, replier, reply, "lost");
  EXPECT_EQ(offset_of(sender), "1");
  EXPECT_NE(replier.answer().code, remoting::kSuccess);
  EXPECT_EQ(end_of_queue(sender), "2");
}

TEST_F(Wakes, ATopicThatIsDeletedIsHeldByNobodyAlsoWhereNothingMoreIsSent) {
  somebody_sends();
  const std::weak_ptr<broker::Topic> topic = broker().topics().find("orders");
  remoting::DeleteTopic remove;
  remove.topic = "orders";
  Client admin(port());
  admin.add(remove);
  admin.write();
  EXPECT_EQ(admin.answer().code, remoting::kSuccess);
  reactor().run_and_wait([] {});  // behind what the deletion has posted
  EXPECT_TRUE(topic.expired());
}

/// With so many topics their places are asked for ahead: what was found ahead must still be right
/// when what came before is appended meanwhile, and when a topic goes and comes again.
TEST_F(Wakes, WhatIsAppendedInPartsFindsItsTopicsAlsoWhenOneWasRemoved) {
  constexpr int kTopics = 600, kRemoved = 7, kLast = 20;
  const std::string large((4 << 20) - 1024, 'x');
  const auto name = [](int i) { return "t" + std::to_string(i); };
  Client sender(port()), admin(port());
  for (int i = 0; i < kTopics; ++i) sender.add(send(name(i)), as_bytes("first"));
  sender.write();
  for (int i = 0; i < kTopics; ++i) EXPECT_EQ(offset_of(sender), "0");
  remoting::DeleteTopic remove;
  const std::string removed = name(kRemoved);
  remove.topic = removed;
  for (int round = 1; round <= 3; ++round) {
    admin.add(remove);
    admin.write();
    EXPECT_EQ(admin.answer().code, remoting::kSuccess);
    for (int i = 0; i < kLast; ++i) {
      sender.add(send(name(i)), as_bytes(i % 3 == 0 ? std::string_view(large) : "small"));
    }
    sender.write();
    for (int i = 0; i < kLast; ++i) {
      EXPECT_EQ(offset_of(sender), i == kRemoved ? "0" : std::to_string(round)) << i;
    }
  }
}

}  // namespace
}  // namespace sluice::wakes
