#include "store/queue_table.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "base/crc32.h"
#include "store/checkpoint.h"
#include "store/testing/store_fixture.h"
#include "store/text_file.h"

namespace sluice::store {
namespace {

/// As versions 1 and 2 wrote it: the number of rows first, and in 1 nothing of entries that are in
/// no file.
std::string old_table(std::int32_t version, const QueueTable& table) {
  std::array<std::byte, 4096> bytes;
  ByteWriter out(bytes.data());
  out.put(std::string_view("SLUQ"));
  out.put(version);
  out.put(table.position);
  out.put(static_cast<std::int32_t>(table.rows.size()));
  for (const QueueRow& row : table.rows) {
    out.put(static_cast<std::int16_t>(row.topic.size()));
    out.put(std::string_view(row.topic));
    out.put(row.id.value);
    out.put(row.first);
    out.put(row.written);
    if (version == 1) continue;
    out.put(static_cast<std::int32_t>(std::ssize(row.unwritten) / kIndexEntryBytes));
    out.put(Bytes(row.unwritten));
  }
  const auto size = static_cast<std::size_t>(out.at() - bytes.data());
  out.put(crc32(Bytes(bytes).first(size)));
  return std::string(as_text(Bytes(bytes).first(size + 4)));
}

/// Gives its size.
std::int64_t write(Disk& disk, const QueueTable& table) {
  auto out = QueueTableWriter::begin(disk, "/r", LogPosition(table.position));
  EXPECT_TRUE(out);
  for (const QueueRow& row : table.rows) {
    const std::array<Bytes, 2> parts{Bytes(row.unwritten).first(row.unwritten.size() / 2),
                                     Bytes(row.unwritten).subspan(row.unwritten.size() / 2)};
    out->add(row.topic, row.id, row.first, row.written, parts);
    if (row.id.value % 2 == 0) EXPECT_TRUE(out->write_out());
  }
  EXPECT_TRUE(out->finish());
  return out->bytes();
}

using testing::append_all;
using testing::bodies_of;
using testing::must_open;
using testing::numbered;
using testing::pending;
using testing::small_options;

TEST(QueueTable, IsReadBackAndNoDamageIsTakenForGood) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  EXPECT_FALSE(*read_queue_table(disk, "/r"));
  const std::vector<std::byte> entries(2 * kIndexEntryBytes, std::byte{7});
  const QueueTable table{
      .position = 77,
      .rows = {{.topic = "a", .id = QueueId(3), .first = 10, .written = 25, .unwritten = {}},
               {.topic = "b", .id = QueueId(0), .first = 0, .written = 0, .unwritten = entries}}};
  const std::int64_t bytes = write(disk, table);
  EXPECT_EQ(*read_queue_table(disk, "/r"), table);
  for (std::int64_t at = 0; at < bytes; ++at) {
    disk.flip_byte("/r/sluice.queues", at);
    EXPECT_FALSE(*read_queue_table(disk, "/r")) << at;
    disk.flip_byte("/r/sluice.queues", at);
  }
}

TEST(QueueTable, WithMoreEntriesThanTheLogHasBytesIsNone) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  for (const std::int64_t next : {78L, std::numeric_limits<std::int64_t>::max()}) {
    const QueueTable table{
        .position = 77,
        .rows = {{.topic = "a", .id = QueueId(0), .first = 0, .written = next, .unwritten = {}}}};
    write(disk, table);
    write(disk, table);  // and its .bak
    EXPECT_FALSE(*read_queue_table(disk, "/r"));
  }
}

TEST(QueueTable, OfEarlierVersionsIsRead) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  QueueTable table{
      .position = 77,
      .rows = {{.topic = "a", .id = QueueId(3), .first = 10, .written = 25, .unwritten = {}},
               {.topic = "b", .id = QueueId(0), .first = 0, .written = 7, .unwritten = {}}}};
  ASSERT_TRUE(write_text_file(disk, "/r/sluice.queues", old_table(1, table)));
  EXPECT_EQ(*read_queue_table(disk, "/r"), table);
  table.rows[1].unwritten.assign(3 * kIndexEntryBytes, std::byte{7});
  ASSERT_TRUE(write_text_file(disk, "/r/sluice.queues", old_table(2, table)));
  EXPECT_EQ(*read_queue_table(disk, "/r"), table);
}

QueueTable table_of(std::int64_t position, std::size_t rows) {
  QueueTable table{.position = position, .rows = {}};
  for (std::size_t i = 0; i < rows; ++i) {
    table.rows.push_back({.topic = "t",
                          .id = QueueId(static_cast<std::int32_t>(i)),
                          .first = 0,
                          .written = position,
                          .unwritten = {}});
  }
  return table;
}

/// Whether it could be written before the power went at that change.
bool write_until_cut(testing::MemoryDisk& disk, std::int64_t position, std::int64_t change) {
  disk.fail_from(disk.changes() + change);
  auto next = QueueTableWriter::begin(disk, "/r", LogPosition(position));
  if (next) next->add("t", QueueId(0), 0, position, {});
  const bool done = next && next->finish();
  std::mt19937_64 chance(static_cast<std::uint64_t>(change));
  disk.cut_power(&chance);
  return done;
}

TEST(QueueTable, IsWrittenOverTheOneBeforeTheLastAndWholeAtEveryMomentOfTwoCrashes) {
  constexpr std::int64_t kChanges = 12;
  for (std::int64_t at = 0; at < kChanges * kChanges; ++at) {
    testing::MemoryDisk disk;
    ASSERT_TRUE(disk.make_folder("/r"));
    write(disk, table_of(100, 90));
    write(disk, table_of(101, 40));
    ASSERT_TRUE(disk.sync_folder("/r"));
    const bool first = write_until_cut(disk, 102, at / kChanges);
    const auto before = *read_queue_table(disk, "/r");
    ASSERT_TRUE(before) << at;
    EXPECT_TRUE(before->position == 102 || (!first && before->position == 101)) << at;
    const bool second = write_until_cut(disk, 103, at % kChanges);
    const auto after = *read_queue_table(disk, "/r");
    ASSERT_TRUE(after) << at;
    EXPECT_TRUE(after->position == 103 || (!second && after->position >= 101)) << at;
    write(disk, table_of(104, 1));
    EXPECT_EQ((*read_queue_table(disk, "/r"))->position, 104);
  }
}

class QueueTableOfAStore : public ::testing::Test {
 protected:
  void open() { store_ = must_open(disk_, clock_, small_options()); }
  void fill(int from) {
    for (int id = 0; id < 20; ++id) {
      ASSERT_TRUE(append_all(*store_, *queue(id), numbered(15, 20, from)));
    }
  }
  /// Writes the table, then more than it knows, part of which the index files know.
  void crash_behind_the_table() {
    open();
    fill(0);
    clock_.advance(milliseconds(60'000));
    store_->maintain();
    fill(15);
    store_->maintain();
    fill(30);
    store_.reset();
    disk_.kill();
  }
  void expect_all() {
    for (int id = 0; id < 20; ++id) EXPECT_EQ(bodies_of(*store_, *queue(id)), numbered(45)) << id;
  }
  std::shared_ptr<Queue> queue(int id) { return store_->queue("T", QueueId(id)); }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::unique_ptr<MessageStore> store_;
};

TEST_F(QueueTableOfAStore, AKilledStoreGoesOnFromItsTable) {
  crash_behind_the_table();
  const auto table = *read_queue_table(disk_, "/r");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->rows.size(), 20u);
  open();
  expect_all();
  fill(45);
  ASSERT_TRUE(store_->close());
  open();
  for (int id = 0; id < 20; ++id) EXPECT_EQ(bodies_of(*store_, *queue(id)), numbered(60)) << id;
}

TEST_F(QueueTableOfAStore, OfTheVersionBeforeIsGoneOnFrom) {
  crash_behind_the_table();
  const auto table = *read_queue_table(disk_, "/r");
  ASSERT_TRUE(table);
  ASSERT_TRUE(write_text_file(disk_, "/r/sluice.queues", old_table(1, *table)));
  open();
  expect_all();
}

TEST_F(QueueTableOfAStore, IsBuiltAgainWhenMissingOrDamaged) {
  for (const bool missing : {true, false}) {
    ASSERT_TRUE(disk_.remove("/r"));
    crash_behind_the_table();
    if (missing) ASSERT_TRUE(disk_.remove("/r/sluice.queues"));
    disk_.flip_byte("/r/sluice.queues", 30);
    ASSERT_TRUE(disk_.remove("/r/sluice.queues.bak"));
    open();
    EXPECT_TRUE(*read_queue_table(disk_, "/r")) << "the next start would look into all files again";
    expect_all();
    store_.reset();
    disk_.kill();
    open();
    expect_all();
    clock_.advance(milliseconds(60'000));
    store_->maintain();
    EXPECT_TRUE(*read_queue_table(disk_, "/r"));
    store_.reset();
    disk_.kill();
  }
}

}  // namespace
}  // namespace sluice::store
