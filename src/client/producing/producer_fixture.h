#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/producer.h>

#include "client/test_server.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/send.h"

/// For tests only: a name server and two brokers that store whatever comes.
namespace sluice {

using client::Reply;
using client::TestServer;
using testing::HasSubstr;
using wire::remoting::Command;

inline constexpr std::int32_t kSend = wire::remoting::SendMessageV2::kCode;
inline constexpr std::int32_t kBatch = wire::remoting::SendBatchMessage::kCode;
inline constexpr std::int32_t kReply = wire::remoting::SendReplyV2::kCode;
inline constexpr std::int32_t kEnd = wire::remoting::EndTransaction::kCode;
inline constexpr std::int32_t kRoute = wire::remoting::GetRoute::kCode;

inline Reply stored(const Command& request) {
  return {.fields = {{"msgId", "0A"},
                     {"queueId", std::string(request.ext.get("e"))},
                     {"queueOffset", "7"}}};
}

struct ProducerTest : testing::Test {
  ProducerTest() {
    names.on(kRoute, [this](const Command&) {
      return TestServer::route({{"a", a.address()}, {"b", b.address()}}, 1);
    });
    for (TestServer* broker : {&a, &b}) {
      broker->on(kSend, [](const Command& request) { return stored(request); });
      broker->on(wire::remoting::HeartBeat::kCode, Reply{});
      broker->on(wire::remoting::UnregisterClient::kCode, Reply{});
    }
  }
  TestServer names, a, b;
  ClientOptions options() {
    return {.name_servers = names.address(), .request_timeout = std::chrono::milliseconds(500)};
  }
};

}  // namespace sluice
