#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "broker/broker.h"
#include "broker/testing/fake_store.h"
#include "store/testing/memory_disk.h"
#include "wire/record/properties.h"

/// What the broker's tests share: a broker without files or threads, at a time that stands still.
namespace sluice::broker::testing {

inline constexpr WallTime kNow = from_unix_ms(1'700'000'000'000);
inline constexpr SteadyTime kSteady{milliseconds(1000)};

inline std::string properties_of(
    std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  std::string text;
  for (const auto& [name, value] : pairs) wire::record::append_property(text, name, value);
  return text;
}

/// A broker over a store and a disk in memory, and the shortest ways to send and to pull.
class BrokerFixture : public ::testing::Test {
 protected:
  explicit BrokerFixture(BrokerOptions options = {}) : broker_(store_, disk_, "config", options) {}

  void make_topic(std::string_view name, std::int32_t queues = 2,
                  std::int32_t perm = kPermRead | kPermWrite) {
    TopicConfig config{.name = std::string(name)};
    config.read_queues = config.write_queues = queues;
    config.perm = perm;
    const auto made = broker_.topics().put(std::move(config), kNow);
    ASSERT_TRUE(made) << made.error().remark();
  }

  /// Sends one message with a tag to queue 0.
  void send(std::string_view topic, std::string_view tag = {}, std::string_view body = "body") {
    const std::string properties = properties_of({{"TAGS", tag}, {"UNIQ_KEY", "id"}});
    SendBatch batch(broker_);
    const auto taken = batch.add({.topic = topic,
                                  .default_topic = "TBW102",
                                  .queue_id = 0,
                                  .properties = properties,
                                  .body = as_bytes(body)},
                                 kNow);
    ASSERT_TRUE(taken) << taken.error().remark();
    ASSERT_TRUE(batch.append());
  }

  PullQuery query(std::string_view topic, std::int64_t offset,
                  std::optional<std::string_view> expression = "*") {
    PullQuery query;
    query.group = "g";
    query.topic = topic;
    query.offset = QueueOffset(offset);
    query.expression = expression;
    return query;
  }

  Result<PullResult> pull(const PullQuery& query) {
    SLUICE_TRY(const PullPlan plan, broker_.prepare_pull(query, kNow));
    PullResult result;
    SLUICE_CHECK(broker_.read(plan, result));
    return result;
  }

  FakeStore store_;
  store::testing::MemoryDisk disk_;
  Broker broker_;
};

/// The records in a pull's slices, decoded.
inline std::vector<wire::record::Decoded> records_in(const PullResult& result) {
  std::vector<wire::record::Decoded> records;
  for (const store::Slice& slice : result.records) {
    for (Bytes rest = slice.bytes; !rest.empty();) {
      auto scanned = wire::record::scan(rest, wire::record::CrcCheck::verify);
      if (scanned.kind != wire::record::Scan::Kind::record) {
        ADD_FAILURE() << "not a record: " << scanned.problem;
        return records;
      }
      rest = rest.subspan(static_cast<std::size_t>(scanned.record.size));
      records.push_back(std::move(scanned.record));
    }
  }
  return records;
}

/// The code of a result's error; a success is a failure of the test.
template <class T>
Errc code_of(const Result<T>& result) {
  if (result) {
    ADD_FAILURE() << "succeeded";
    return Errc::internal;
  }
  return result.error().code();
}

}  // namespace sluice::broker::testing
