#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"

/// What the tests of transactions share: sending half messages, ending them, reading the log.
namespace sluice::broker::testing {

/// Where a half message lies, as its producer knows.
struct Ref {
  QueueOffset half;
  LogPosition position;
};

/// A producer's connection that keeps what it was asked.
class Asked final : public delivery::Link {
 public:
  void members_changed(std::string_view) override {}
  void check_transaction(const delivery::TransactionCheck& check) override {
    halves.push_back(check.half.value);
    const auto found = wire::record::scan(check.record, wire::record::CrcCheck::verify);
    topics.emplace_back(found.record.message.topic);
    keys.emplace_back(check.unique_key);
  }
  std::vector<std::int64_t> halves;
  std::vector<std::string> topics, keys;
};

class TransactionsTest : public BrokerFixture {
 protected:
  TransactionsTest() {
    store_.store_ms = unix_ms(kNow);
    EXPECT_TRUE(broker_.load(kNow));
    make_topic("t", 2);
  }

  static Result<Ref> try_half(Broker& broker, std::string_view key, std::string_view more = {},
                              WallTime now = kNow) {
    const std::string properties =
        properties_of({{"TRAN_MSG", "true"}, {"PGROUP", "p"}, {"TAGS", "red"}, {"UNIQ_KEY", key}}) +
        std::string(more);
    SendBatch batch(broker);
    SLUICE_CHECK(
        batch.add({.topic = "t",
                   .queue_id = 1,
                   .sys_flag = wire::record::kTransactionPrepared | wire::record::kCompressed,
                   .properties = properties,
                   .body = as_bytes(key)},
                  now));
    SLUICE_CHECK(batch.append());
    return Ref{batch.at(0).offset, batch.at(0).position};
  }
  Ref half(std::string_view key, std::string_view more = {}, WallTime now = kNow) {
    auto made = try_half(broker_, key, more, now);
    EXPECT_TRUE(made) << made.error().remark();
    return made.value_or(Ref{});
  }

  static Result<Transactions::Ended> end(Broker& broker, Ref ref, Transactions::Decision decision,
                                         WallTime now = kNow, bool from_check = false,
                                         std::string_view group = "p") {
    return broker.transactions().end({.group = group,
                                      .half = ref.half,
                                      .position = ref.position,
                                      .decision = decision,
                                      .from_check = from_check},
                                     now);
  }

  /// The records of a queue.
  std::vector<wire::record::Decoded> records(std::string_view topic, QueueId id) {
    std::vector<wire::record::Decoded> all;
    const auto queue = store_.queue(topic, id);
    for (QueueOffset at; at < queue->max(); at += 1) {
      std::array<store::IndexEntry, 1> entry;
      EXPECT_TRUE(queue->read(at, entry));
      const auto slice = store_.read(entry[0].position, entry[0].size);
      all.push_back(wire::record::scan(slice->bytes, wire::record::CrcCheck::verify).record);
      EXPECT_EQ(entry[0].tags_code,
                wire::record::tags_code(wire::record::find_property(
                    all.back().message.properties, wire::record::property::kTags)));
    }
    return all;
  }
  std::vector<std::string> bodies(std::string_view topic, QueueId id) {
    std::vector<std::string> all;
    for (const auto& found : records(topic, id)) all.emplace_back(as_text(found.message.body));
    return all;
  }
  std::vector<std::string> delivered() { return bodies("t", QueueId(1)); }
  std::vector<std::string> marks() { return bodies(kMarkTopic, QueueId(0)); }

  /// The broker after a restart.
  std::unique_ptr<Broker> restart(WallTime now = kNow) {
    auto again = std::make_unique<Broker>(store_, disk_, "config", BrokerOptions{});
    const auto loaded = again->load(now);
    EXPECT_TRUE(loaded) << loaded.error().remark();
    return again;
  }
};

}  // namespace sluice::broker::testing
