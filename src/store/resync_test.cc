#include "store/resync.h"

#include <gtest/gtest.h>

#include "store/layout.h"
#include "store/testing/store_fixture.h"

namespace sluice::store {
namespace {

using testing::bodies_of;
using testing::must_open;
using testing::pending;
using testing::small_options;

TEST(TornProperties, EndTheLogAtAStart) {
  const std::string properties = "a\x01" + std::string(30, '\0') + std::string(200, 'p') + "\x02";
  testing::MemoryDisk disk;
  ManualClock clock;
  const auto bodies = [&] {
    const auto store = must_open(disk, clock, small_options());
    return bodies_of(*store, *store->queue("T", QueueId(0)));
  };
  std::int64_t end_of_torn = 0;
  {
    const auto store = must_open(disk, clock, small_options());
    const auto queue = store->queue("T", QueueId(0));
    for (const std::string_view body : {"whole", "torn", "behind it"}) {
      Pending one = pending(*queue, body, properties);
      const auto end = store->append(std::span(&one, 1));
      ASSERT_TRUE(end);
      if (body == "torn") end_of_torn = end->value;
    }
  }
  disk.kill();
  EXPECT_EQ(bodies().size(), 3u) << "zeros that a client sent are no damage";
  disk.kill();
  const std::int64_t piece = end_of_torn / 64 * 64 - 64;
  const auto file = *disk.open("/r/commitlog/" + file_name(0), Disk::Open::write);
  ASSERT_TRUE(file->write(piece, as_bytes(std::string(64, '\0'))));
  EXPECT_EQ(bodies(), std::vector<std::string>{"whole"});
}

TEST(TornProperties, AreThoseWithAPieceOfZeros) {
  const std::string zeros(kPieceBytes, '\0');
  EXPECT_FALSE(may_seem_torn(""));
  EXPECT_FALSE(may_seem_torn(zeros.substr(1) + "a"));
  EXPECT_TRUE(may_seem_torn("a" + zeros + "a"));
  EXPECT_TRUE(may_seem_torn(std::string("a\0", 2)));
}

}  // namespace
}  // namespace sluice::store
