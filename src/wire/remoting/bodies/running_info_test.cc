#include "wire/remoting/bodies/running_info.h"

#include <gtest/gtest.h>

namespace sluice::wire::remoting {
namespace {

std::string text_of(const Buffer& b) { return std::string(as_text(b.bytes())); }

TEST(RunningInfo, IsWrittenAsJavaReadsIt) {
  RunningInfo info;
  info.properties = {{"PROP_CONSUMEORDERLY", "false"}};
  info.queues.push_back({.queue = {"T", "b", 1}, .commit_offset = 4, .locked = true});
  Buffer out;
  info.encode(out);
  EXPECT_EQ(
      text_of(out),
      R"({"mqTable":{{"brokerName":"b","queueId":1,"topic":"T"}:{"cachedMsgCount":0,)"
      R"("cachedMsgMaxOffset":0,"cachedMsgMinOffset":0,"cachedMsgSizeInMiB":0,"commitOffset":4,)"
      R"("droped":false,"lastConsumeTimestamp":0,"lastLockTimestamp":0,"lastPullTimestamp":0,)"
      R"("locked":true}},"properties":{"PROP_CONSUMEORDERLY":"false"},"subscriptionSet":[]})");
}

TEST(DirectResult, SaysWhatBecameOfTheMessage) {
  Buffer out;
  DirectResult{.orderly = true, .result = "CR_LATER", .remark = "no", .spent_ms = 7}.encode(out);
  EXPECT_EQ(
      text_of(out),
      R"({"autoCommit":true,"consumeResult":"CR_LATER","order":true,"remark":"no","spentTimeMills":7})");
}

TEST(OffsetTable, IsReadInBothForms) {
  for (const char* body :
       {R"({"offsetTable":{{"brokerName":"b","queueId":1,"topic":"T"}:4}})",
        R"({"offsetTable":[{"brokerName":"b","queueId":1,"topic":"T","offset":4}]})"}) {
    const auto table = read_offset_table(as_bytes(std::string_view(body)), "offsetTable");
    ASSERT_TRUE(table) << body;
    ASSERT_EQ(table->size(), 1U) << body;
    EXPECT_EQ(table->at(0).first.queue_id, 1) << body;
    EXPECT_EQ(table->at(0).second, 4) << body;
  }
  EXPECT_FALSE(read_offset_table(as_bytes(std::string_view(R"({"t":{"x":1}})")), "t"));
  EXPECT_FALSE(read_offset_table(as_bytes(std::string_view("nonsense")), "t"));
}

}  // namespace
}  // namespace sluice::wire::remoting
