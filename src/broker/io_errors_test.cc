#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/popping.h"
#include "store/testing/store_fixture.h"
#include "wire/record/properties.h"

/// Every change of the disk fails once, one after the other: of the log, of the queues' indexes, of
/// the key index, the checkpoints, the queue table, the snapshots. Whatever file it is: who waits
/// gets the error, who reads goes on, and what was acknowledged is there after a power cut.
namespace sluice::broker {
namespace {

using store::testing::MemoryDisk;
constexpr WallTime kNow = from_unix_ms(1'700'000'000'000);

struct Fault {
  bool sync_flush;
  Errc why;
};

/// A day in the life of a broker, with what its clients were told.
class Day {
 public:
  explicit Day(bool sync_flush) : sync_flush_(sync_flush) {}

  MemoryDisk& disk() { return disk_; }

  Result<void> start() {
    auto options = store::testing::small_options(sync_flush_);
    options.tags_code_of = index_code(DelayLevels());
    SLUICE_TRY(store_, store::MessageStore::open(disk_, clock_, options));
    broker_ = std::make_unique<Broker>(*store_, disk_, "/r/config", BrokerOptions{});
    return broker_->load(clock_.wall());
  }
  void stop() {
    broker_.reset();
    store_.reset();
  }

  /// Goes on whatever fails. Counts what failed in the background.
  void work() {
    TopicConfig config{.name = "t"};
    config.read_queues = config.write_queues = 1;
    note(broker_->topics().put(config, clock_.wall()));
    note(broker_->persist_tables());
    for (int round = 0; round < 4; ++round) {
      for (int i = 0; i < 4; ++i) send(round == 0 && i == 0 ? "1" : "");
      pop();
      note(broker_->commit_offset("g", "t", QueueId(0), QueueOffset(round), clock_.wall()));
      if (broker_->log_progress(clock_.wall()) && confirmed()) committed_ = round;
      clock_.advance(milliseconds(6000));
      note(broker_->schedule().deliver(clock_.wall()));
      store_->maintain();
      store_->index_keys();
      note(broker_->persist_schedule());
      note(broker_->persist(clock_.wall()));
    }
    note(store_->drop_older_than(milliseconds(10'000'000), 10));
  }

  /// Every message that was acknowledged, as a reader gets it.
  void expect_all(const std::string& when) {
    std::map<std::string, int> found;
    const auto index = store_->queue("t", QueueId(0));
    for (QueueOffset at = index->min(); at < index->max(); at += 1) {
      store::IndexEntry entry;
      const auto got = index->read(at, std::span(&entry, 1));
      ASSERT_TRUE(got && *got == 1) << when << ": index entry " << at.value;
      const auto slice = store_->read_record(entry.position);
      ASSERT_TRUE(slice) << when << ": " << slice.error().remark();
      const auto scan = wire::record::scan(slice->bytes, wire::record::CrcCheck::verify);
      ++found[std::string(as_text(scan.record.message.body))];
    }
    for (const std::string& body : acknowledged_) {
      EXPECT_EQ(found[body], 1) << when << ": message " << body;
    }
  }
  /// Not ahead, and not behind what was answered.
  void expect_progress(const std::string& when) {
    const auto next = broker_->progress().committed("g", "t", QueueId(0));
    if (committed_ >= 0) EXPECT_GE(next.value_or(QueueOffset(-1)).value, committed_) << when;
    EXPECT_LE(next.value_or(QueueOffset(0)).value, 3) << when;
  }
  void expect_to_work() {
    const std::size_t before = acknowledged_.size();
    send("");
    EXPECT_EQ(acknowledged_.size(), before + 1);
  }
  Result<void> health() const { return store_->health(); }

 private:
  template <class T>
  void note(const Result<T>& done) {
    if (!done) ++failures_;
  }
  bool confirmed() {
    if (sync_flush_) store_->flush_log();
    return store_->confirmed() == store_->end();
  }
  void send(std::string_view level) {
    const std::string body = "m" + std::to_string(sent_++);
    std::string properties;
    wire::record::append_property(properties, wire::record::property::kUniqueKey, body);
    if (!level.empty()) {
      wire::record::append_property(properties, wire::record::property::kDelay, level);
    }
    SendBatch batch(*broker_);
    const auto taken = batch.add({.topic = "t",
                                  .default_topic = "TBW102",
                                  .queue_id = 0,
                                  .properties = properties,
                                  .body = as_bytes(body)},
                                 clock_.wall());
    if (!taken) return;
    const auto until = batch.append();
    if (until && confirmed() && level.empty()) acknowledged_.push_back(body);
  }
  void pop() {
    PopBatch batch(*broker_);
    PopQuery query{.group = "p", .topic = "t"};
    query.start = PopStart::first;
    PopResult result;
    const auto plan = batch.prepare(query, clock_.wall());
    if (!plan || !batch.pop(*plan, clock_.wall(), result)) return;
    note(batch.append(clock_.wall()));
  }

  const bool sync_flush_;
  MemoryDisk disk_;
  ManualClock clock_{kNow};
  std::unique_ptr<store::MessageStore> store_;
  std::unique_ptr<Broker> broker_;
  std::vector<std::string> acknowledged_;
  int sent_ = 0, failures_ = 0;
  std::int64_t committed_ = -1;
};

class EveryChangeFails : public ::testing::TestWithParam<Fault> {
 protected:
  void SetUp() override { log::set_level(log::Level::off); }
  void TearDown() override { log::set_level(log::Level::info); }

  void fail_at(std::int64_t number) {
    const auto [sync_flush, why] = GetParam();
    Day day(sync_flush);
    const std::string when = "change " + std::to_string(number) + " failed";
    day.disk().fail_once(number, why);
    if (!day.start()) {  // refused, and not half started: the next start finds its way
      day.stop();
      day.disk().kill();
      const auto started = day.start();
      ASSERT_TRUE(started) << when << ", and again: " << started.error().remark();
    }
    day.work();
    day.expect_all(when + ", while it runs");
    day.stop();
    if (sync_flush) {
      day.disk().cut_power();
    } else {
      day.disk().kill();
    }
    const auto started = day.start();
    ASSERT_TRUE(started) << when << ", then " << started.error().remark();
    day.expect_all(when + ", after the next start");
    if (!sync_flush) day.expect_progress(when);
    day.expect_to_work();
  }
};

TEST_P(EveryChangeFails, AndNothingAcknowledgedIsLost) {
  Day whole(GetParam().sync_flush);
  ASSERT_TRUE(whole.start());
  whole.work();
  ASSERT_TRUE(whole.health());
  whole.expect_all("nothing failed");
  const std::int64_t changes = whole.disk().changes();
  ASSERT_GT(changes, 100);
  for (std::int64_t number = 0; number < changes && !HasFatalFailure(); ++number) fail_at(number);
}

INSTANTIATE_TEST_SUITE_P(IoErrors, EveryChangeFails,
                         ::testing::Values(Fault{false, Errc::io_error},
                                           Fault{false, Errc::disk_full},
                                           Fault{true, Errc::io_error},
                                           Fault{true, Errc::disk_full}));

}  // namespace
}  // namespace sluice::broker
