// The consumers of the C interface, as a C program calls them.
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/errc.h>
#include <sluice/sluice.h>

#include "client/consuming/test_broker.h"

namespace sluice::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string body(const sluice_received* message) {
  size_t size = 0;
  const char* text = sluice_received_body(message, &size);
  return {text, size};
}

/// A broker with one queue, options, and a client of it.
struct CConsumers : testing::Test {
  TestBroker broker{1};
  sluice_options* options = sluice_options_new();
  sluice_client* client = nullptr;

  CConsumers() {
    set("name_servers", broker.options().name_servers.c_str());
    set("request_timeout_ms", "2000");
    set("group", "g");
    set("start", "first");
    EXPECT_EQ(sluice_client_new(options, &client), 0) << sluice_last_error();
  }
  ~CConsumers() override {
    sluice_client_free(client);
    sluice_options_free(options);
  }
  void set(const char* name, const char* value) {
    EXPECT_EQ(sluice_options_set(options, name, value), 0) << sluice_last_error();
  }
};

TEST_F(CConsumers, OptionsOfAllKindsAreCheckedWhenTheyAreSet) {
  EXPECT_NE(sluice_options_set(options, "invisible_ms", "soon"), 0);
  EXPECT_THAT(sluice_last_error(), HasSubstr("invisible_ms cannot be 'soon'"));
  EXPECT_NE(sluice_options_set(options, "subscribe_sql", "t"), 0) << "without an expression";
  EXPECT_NE(sluice_options_set(options, "patience", "1"), 0);
  sluice_pull_consumer* consumer = nullptr;
  set("max_poll", "0");
  EXPECT_NE(sluice_pull_consumer_new(client, options, &consumer), 0);
  EXPECT_THAT(sluice_last_error(), HasSubstr("max_poll"));
  EXPECT_EQ(consumer, nullptr);
}

TEST_F(CConsumers, ReceivesAcknowledgesAndPostpones) {
  broker.add(0, {"a", "b"});
  set("subscribe", "t");
  set("invisible_ms", "30000");
  sluice_simple_consumer* consumer = nullptr;
  ASSERT_EQ(sluice_simple_consumer_new(client, options, &consumer), 0) << sluice_last_error();
  sluice_leases* leases = nullptr;
  ASSERT_EQ(sluice_receive(consumer, 5, 10'000, &leases), 0) << sluice_last_error();
  ASSERT_EQ(sluice_leases_count(leases), 2U);
  EXPECT_EQ(sluice_leases_at(leases, 2), nullptr);
  const sluice_lease* second = sluice_leases_at(leases, 1);
  EXPECT_EQ(body(sluice_lease_message(second)), "b");
  EXPECT_EQ(sluice_change_invisible(consumer, second, 90'000), 0) << sluice_last_error();
  EXPECT_EQ(sluice_ack(consumer, sluice_leases_at(leases, 0)), 0) << sluice_last_error();
  EXPECT_THAT(broker.changes(), ElementsAre(90'000));
  EXPECT_THAT(broker.acknowledged(), ElementsAre("0 1000 30000 0 0 a 0 0"));
  EXPECT_NE(sluice_receive(consumer, 33, 0, &leases), 0) << "more than brokers give";
  sluice_leases_free(leases);
  sluice_simple_consumer_free(consumer);
}

TEST_F(CConsumers, PollsSeeksAndCommits) {
  broker.add(0, {"a", "b", "c"});
  set("auto_commit", "false");
  sluice_pull_consumer* consumer = nullptr;
  ASSERT_EQ(sluice_pull_consumer_new(client, options, &consumer), 0) << sluice_last_error();
  sluice_queues* queues = nullptr;
  ASSERT_EQ(sluice_pull_queues(consumer, "t", &queues), 0) << sluice_last_error();
  ASSERT_EQ(sluice_queues_count(queues), 1U);
  const sluice_queue* queue = sluice_queues_all(queues);
  ASSERT_EQ(sluice_pull_assign(consumer, queue, 1), 0) << sluice_last_error();
  ASSERT_EQ(sluice_pull_seek(consumer, queue, 1), 0) << sluice_last_error();
  int64_t offset = -1;
  ASSERT_EQ(sluice_pull_position(consumer, queue, &offset), 0);
  EXPECT_EQ(offset, 1);
  sluice_messages* messages = nullptr;
  ASSERT_EQ(sluice_poll(consumer, 10'000, &messages), 0) << sluice_last_error();
  ASSERT_EQ(sluice_messages_count(messages), 2U);
  EXPECT_EQ(body(sluice_messages_at(messages, 0)), "b");
  sluice_messages_free(messages);
  EXPECT_EQ(sluice_pull_commit(consumer), 0) << sluice_last_error();
  EXPECT_EQ(broker.committed(0), 3);
  EXPECT_EQ(sluice_pull_commit_at(consumer, queue, 2), 0) << sluice_last_error();
  ASSERT_EQ(sluice_pull_committed(consumer, queue, &offset), 0);
  EXPECT_EQ(offset, 2);
  EXPECT_EQ(sluice_pull_pause(consumer, queue, 1, 1), 0);
  EXPECT_EQ(sluice_pull_seek(consumer, queue, SLUICE_FIRST), 0) << sluice_last_error();
  EXPECT_EQ(sluice_pull_pause(consumer, queue, 1, 0), 0);
  ASSERT_EQ(sluice_poll(consumer, 10'000, &messages), 0) << sluice_last_error();
  EXPECT_EQ(body(sluice_messages_at(messages, 0)), "a");
  sluice_messages_free(messages);
  EXPECT_NE(sluice_pull_seek(consumer, queue, 7), 0) << "behind the end";
  sluice_queues_free(queues);
  sluice_pull_consumer_free(consumer);
}

TEST_F(CConsumers, ClosingSaysWhetherAListenerWasLeftBehind) {
  set("subscribe", "t");
  set("shutdown_timeout_ms", "50");
  sluice_consumer* consumer = nullptr;
  const auto listener = [](void*, const sluice_received* const*, size_t) -> int {
    return SLUICE_DONE;
  };
  ASSERT_EQ(sluice_consumer_new(client, options, listener, nullptr, &consumer), 0);
  EXPECT_EQ(sluice_consumer_close(consumer), 0) << sluice_last_error();
  EXPECT_EQ(sluice_consumer_close(consumer), 0) << "again is nothing";
  sluice_consumer_free(consumer);
}

}  // namespace
}  // namespace sluice::client
