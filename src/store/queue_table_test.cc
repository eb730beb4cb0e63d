#include "store/queue_table.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/crc32.h"
#include "store/checkpoint.h"
#include "store/testing/store_fixture.h"
#include "store/text_file.h"

namespace sluice::store {
namespace {

/// As the version before wrote it: rows know nothing of entries that are in no file.
std::string table_of_version_1(const QueueTable& table) {
  std::array<std::byte, 4096> bytes;
  ByteWriter out(bytes.data());
  out.put(std::string_view("SLUQ"));
  out.put(std::int32_t{1});
  out.put(table.position);
  out.put(static_cast<std::int32_t>(table.rows.size()));
  std::size_t size = 20;
  for (const QueueRow& row : table.rows) {
    EXPECT_TRUE(row.unwritten.empty());
    out.put(static_cast<std::int16_t>(row.topic.size()));
    out.put(std::string_view(row.topic));
    out.put(row.id.value);
    out.put(row.first);
    out.put(row.written);
    size += 22 + row.topic.size();
  }
  out.put(crc32(Bytes(bytes).first(size)));
  return std::string(as_text(Bytes(bytes).first(size + 4)));
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
  QueueTableBytes made(LogPosition(table.position));
  for (const QueueRow& row : table.rows) {
    const std::array<Bytes, 2> parts{Bytes(row.unwritten).first(row.unwritten.size() / 2),
                                     Bytes(row.unwritten).subspan(row.unwritten.size() / 2)};
    made.add(row.topic, row.id, row.first, row.written, parts);
  }
  const std::string bytes = std::move(made).finish();
  ASSERT_TRUE(write_queue_table(disk, "/r", bytes));
  EXPECT_EQ(*read_queue_table(disk, "/r"), table);
  for (std::int64_t at = 0; at < std::ssize(bytes); ++at) {
    disk.flip_byte("/r/sluice.queues", at);
    EXPECT_FALSE(*read_queue_table(disk, "/r")) << at;
    disk.flip_byte("/r/sluice.queues", at);
  }
}

TEST(QueueTable, WithMoreEntriesThanTheLogHasBytesIsNone) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  for (const std::int64_t next : {78L, std::numeric_limits<std::int64_t>::max()}) {
    QueueTableBytes made(LogPosition(77));
    made.add("a", QueueId(0), 0, next, {});
    const std::string bytes = std::move(made).finish();
    ASSERT_TRUE(write_queue_table(disk, "/r", bytes));
    ASSERT_TRUE(write_queue_table(disk, "/r", bytes)) << "and its .bak";
    EXPECT_FALSE(*read_queue_table(disk, "/r"));
  }
}

TEST(QueueTable, OfTheVersionBeforeIsRead) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  const std::string text = table_of_version_1(
      {.position = 77,
       .rows = {{.topic = "a", .id = QueueId(3), .first = 10, .written = 25, .unwritten = {}}}});
  ASSERT_TRUE(write_text_file(disk, "/r/sluice.queues", text));
  const auto table = *read_queue_table(disk, "/r");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->position, 77);
  ASSERT_EQ(table->rows.size(), 1u);
  EXPECT_EQ(table->rows[0].written, 25);
  EXPECT_EQ(table->rows[0].next(), 25);
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
  ASSERT_TRUE(write_text_file(disk_, "/r/sluice.queues", table_of_version_1(*table)));
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
