#include <gtest/gtest.h>

#include "client/producing/fault_table.h"
#include "client/producing/outgoing.h"
#include "client/producing/queue_picker.h"
#include "client/producing/recall_handle.h"
#include "client/producing/sending.h"
#include "client/producing/tracer.h"
#include "wire/compression.h"
#include "wire/record/properties.h"
#include "wire/remoting/batch.h"
#include "wire/zlib.h"

namespace sluice::client {
namespace {

constexpr SteadyTime kStart{milliseconds(1'000)};

TEST(FaultTable, AvoidsABrokerByHowSlowItWas) {
  FaultTable faults;
  faults.note("a", milliseconds(549), kStart);
  EXPECT_TRUE(faults.available("a", kStart));
  faults.note("a", milliseconds(550), kStart);
  EXPECT_FALSE(faults.available("a", kStart + milliseconds(1'999)));
  EXPECT_TRUE(faults.available("a", kStart + milliseconds(2'000)));
  faults.note("a", FaultTable::kFailure, kStart);
  EXPECT_FALSE(faults.available("a", kStart + milliseconds(9'999)));
  faults.note("a", milliseconds(10), kStart);
  EXPECT_TRUE(faults.available("a", kStart)) << "a quick answer forgives";
}

std::vector<WritableQueue> queues() {
  return {{{"t", "a", 0}, "a:1"}, {{"t", "a", 1}, "a:1"}, {{"t", "b", 0}, "b:1"}};
}

TEST(QueuePicker, TakesQueuesInTurn) {
  const auto all = queues();
  QueuePicker picker(0);
  std::map<Queue, int> taken;
  for (int i = 0; i < 9; ++i) ++taken[picker.next(all, "", nullptr, kStart).queue];
  for (const auto& [queue, count] : taken) EXPECT_EQ(count, 3);
}

TEST(QueuePicker, LeavesOutTheFailedAndTheSlowBroker) {
  const auto all = queues();
  FaultTable faults;
  faults.note("b", FaultTable::kFailure, kStart);
  QueuePicker picker(0);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(picker.next(all, "", &faults, kStart).queue.broker, "a");
    EXPECT_EQ(picker.next(all, "a", &faults, kStart).queue.broker, "b") << "slow beats failed";
  }
}

TEST(QueuePicker, PlacesShardingKeysAsJavaDoes) {
  // Java: Math.abs("order-1".hashCode() % 8), "polygenelubricants".hashCode() == Integer.MIN_VALUE
  EXPECT_EQ(index_of_key("a", 8), 97U % 8);
  EXPECT_EQ(index_of_key("polygenelubricants", 7), 2U);
}

TEST(Outgoing, CarriesTagsKeysAndProperties) {
  const auto out = prepare({.topic = "t",
                            .body = "b",
                            .tag = "x",
                            .keys = {"k1", "k2"},
                            .properties = {{"p", "1"}},
                            .delay_level = 3},
                           "ID", {});
  ASSERT_TRUE(out) << out.error().remark();
  using wire::record::find_property;
  EXPECT_EQ(find_property(out->properties, "TAGS"), "x");
  EXPECT_EQ(find_property(out->properties, "KEYS"), "k1 k2");
  EXPECT_EQ(find_property(out->properties, "p"), "1");
  EXPECT_EQ(find_property(out->properties, "DELAY"), "3");
  EXPECT_EQ(find_property(out->properties, "UNIQ_KEY"), "ID");
  EXPECT_EQ(out->sys_flag, 0);
}

TEST(Outgoing, CompressesWhatIsLong) {
  const std::string body(10'000, 'x');
  const auto out = prepare({.topic = "t", .body = body}, "ID", {});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->sys_flag, 0x301);
  EXPECT_LT(out->message.body.size(), 200U);
  EXPECT_EQ(as_text(wire::inflate(as_bytes(out->message.body), 1 << 20)->bytes()), body);
}

TEST(Outgoing, RefusesWhatBrokersWould) {
  EXPECT_EQ(prepare({.topic = "", .body = "b"}, "I", {}).error().code(), Errc::invalid_name);
  EXPECT_EQ(prepare({.topic = "t", .body = ""}, "I", {}).error().code(), Errc::message_illegal);
  EXPECT_EQ(prepare({.topic = "t", .body = "bb"}, "I", {.max_message_bytes = 1}).error().code(),
            Errc::message_too_large);
  EXPECT_EQ(prepare({.topic = "t", .body = "b", .tag = "a\x01"}, "I", {}).error().code(),
            Errc::message_illegal);
  EXPECT_EQ(prepare({.topic = "t", .body = "b", .keys = {"a b"}}, "I", {}).error().code(),
            Errc::message_illegal);
}

TEST(Outgoing, CompressesAsItIsTold) {
  const std::string body(10'000, 'x');
  for (const auto& [compression, flag] :
       {std::pair{Compression::lz4, 0x101}, std::pair{Compression::zstd, 0x201}}) {
    const auto out = prepare({.topic = "t", .body = body}, "ID", {.compression = compression});
    ASSERT_TRUE(out);
    EXPECT_EQ(out->sys_flag, flag);
    const auto plain = wire::decompress(out->sys_flag, as_bytes(out->message.body), 1 << 20);
    ASSERT_TRUE(plain) << plain.error().remark();
    EXPECT_EQ(as_text(plain->bytes()), body);
  }
}

TEST(Outgoing, SaysWhenItIsToBeDelivered) {
  using wire::record::find_property;
  const auto after =
      prepare({.topic = "t", .body = "b", .deliver_after = milliseconds(1'500)}, "I", {});
  ASSERT_TRUE(after);
  EXPECT_EQ(find_property(after->properties, "TIMER_DELAY_MS"), "1500");
  const std::chrono::system_clock::time_point time(milliseconds(1'700'000'000'123));
  const auto at = prepare({.topic = "t", .body = "b", .deliver_at = time}, "I", {});
  ASSERT_TRUE(at);
  EXPECT_EQ(find_property(at->properties, "TIMER_DELIVER_MS"), "1700000000123");
  const auto both =
      prepare({.topic = "t", .body = "b", .deliver_at = time, .delay_level = 1}, "I", {});
  EXPECT_EQ(both.error().code(), Errc::message_illegal);
}

TEST(Outgoing, MarksTheHalfOfATransaction) {
  const auto half = prepare_half({.topic = "t", .body = "b"}, "I", {}, "shop");
  ASSERT_TRUE(half);
  EXPECT_EQ(half->sys_flag, 4);
  EXPECT_EQ(wire::record::find_property(half->properties, "TRAN_MSG"), "true");
  EXPECT_EQ(wire::record::find_property(half->properties, "PGROUP"), "shop");
  const auto late = prepare_half({.topic = "t", .body = "b", .delay_level = 1}, "I", {}, "shop");
  EXPECT_EQ(late.error().code(), Errc::message_illegal);
}

TEST(Outgoing, JoinsABatchOfOneTopic) {
  const auto batch =
      prepare_batch({{.topic = "t", .body = "one", .tag = "x"}, {.topic = "t", .body = "two"}},
                    {"A", "B", "C"}, {});
  ASSERT_TRUE(batch) << batch.error().remark();
  EXPECT_EQ(batch->carrier, Carrier::batch);
  EXPECT_EQ(batch->batch_ids, (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(wire::record::find_property(batch->properties, "UNIQ_KEY"), "C");
  wire::remoting::BatchReader reader(as_bytes(batch->message.body));
  const auto one = reader.next(), two = reader.next();
  ASSERT_TRUE(one && two && reader.done());
  EXPECT_EQ(as_text(one->body), "one");
  EXPECT_EQ(wire::record::find_property(one->properties, "TAGS"), "x");
  EXPECT_EQ(wire::record::find_property(two->properties, "UNIQ_KEY"), "B");
}

TEST(Outgoing, RefusesABatchThatCannotBeOne) {
  const auto code = [](std::vector<Message> messages, ProducerOptions options = {}) {
    std::vector<std::string> ids(messages.size() + 1, "I");
    return prepare_batch(std::move(messages), std::move(ids), options).error().code();
  };
  EXPECT_EQ(code({}), Errc::message_illegal);
  EXPECT_EQ(code({{.topic = "t", .body = "1"}, {.topic = "u", .body = "2"}}),
            Errc::message_illegal);
  EXPECT_EQ(code({{.topic = "t", .body = "1", .delay_level = 2}}), Errc::message_illegal);
  EXPECT_EQ(code({{.topic = "t", .body = "123"}, {.topic = "t", .body = "456"}},
                 {.max_message_bytes = 60}),
            Errc::message_too_large);
}

TEST(Stored, TellsOfEachMessageOfABatch) {
  Outgoing batch;
  batch.batch_ids = {"A", "B", "C"};
  const auto receipts =
      receipts_of(batch, {.queue = {"t", "a", 2}, .offset = 7, .offset_ids = "X,Y,Z"});
  ASSERT_EQ(receipts.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(receipts[i].offset, static_cast<std::int64_t>(7 + i));
    EXPECT_EQ(receipts[i].message_id, batch.batch_ids[i]);
    EXPECT_EQ(receipts[i].offset_id, std::string(1, static_cast<char>('X' + i)));
    EXPECT_EQ(receipts[i].queue.id, 2);
  }
}

TEST(RecallHandle, IsReadAsBrokersWriteIt) {
  const auto handle = parse_recall_handle("djEgVEQgYnJva2VyLWEgMTc5NTI1NTA0NTAwMSBVMg==");
  ASSERT_TRUE(handle) << handle.error().remark();
  EXPECT_EQ(handle->topic, "TD");
  EXPECT_EQ(handle->broker, "broker-a");
  EXPECT_EQ(handle->message_id, "U2");
  for (const char* bad : {"", "x", "djEg", "djIgVEQgYnJva2VyLWEgMTc5NTI1NTA0NTAwMSBVMg=="}) {
    EXPECT_EQ(parse_recall_handle(bad).error().code(), Errc::message_illegal) << bad;
  }
}

TEST(Trace, IsWrittenAsJavaReadsIt) {
  auto out = prepare({.topic = "t", .body = "12345", .tag = "x", .keys = {"k1", "k2"}}, "ID", {});
  ASSERT_TRUE(out);
  const SendTrace trace{
      .begun_ms = 1'000, .took_ms = 12, .group = "g", .broker_address = "10.0.0.1:10911"};
  EXPECT_EQ(trace_record(trace, *out, Stored{.offset_ids = "OFF"}),
            "Pub\x01"
            "1000\x01"
            "DefaultRegion\x01g\x01t\x01ID\x01x\x01k1 k2\x01"
            "10.0.0.1:10911\x01"
            "5\x01"
            "12\x01"
            "0\x01"
            "OFF\x01true\x02");
}

}  // namespace
}  // namespace sluice::client
