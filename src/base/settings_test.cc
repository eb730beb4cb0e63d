#include "base/settings.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string remark_of(const Result<void>& result) {
  if (result) return "no error";
  EXPECT_EQ(result.error().code(), Errc::invalid_argument);
  return std::string(result.error().remark());
}

TEST(SettingTable, NamesEveryKeyOnce) {
  std::set<std::string_view> names;
  for (const SettingRow& row : setting_rows())
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
  for (std::string_view key : keys_without_effect()) EXPECT_TRUE(names.insert(key).second) << key;
}

// With SLUICE_WRITE_DOCS set in the environment, it writes the page instead of comparing it.
TEST(SettingTable, IsWhatTheConfigurationPageSays) {
  const std::string path = SLUICE_SOURCE_DIR "/docs/CONFIG.md";
  if (std::getenv("SLUICE_WRITE_DOCS") != nullptr) std::ofstream(path) << config_markdown();
  std::ostringstream page;
  page << std::ifstream(path).rdbuf();
  EXPECT_EQ(page.str(), config_markdown());
}

TEST(Settings, StartsWithTheDefaults) {
  const Settings settings;
  EXPECT_EQ(settings.integer("listenPort"), 10911);
  EXPECT_EQ(settings.text("listenPort"), "10911");
  EXPECT_EQ(settings.text("brokerIP1"), "");
  EXPECT_TRUE(settings.boolean("autoCreateTopicEnable"));
  for (const SettingRow& row : setting_rows()) EXPECT_TRUE(settings.is_default(row.name));
}

TEST(Settings, ReadsAFileWithCommentsBlanksAndCarriageReturns) {
  Settings settings;
  const auto read = settings.read_text(
      "# comment\r\n! another\n\n  listenPort = 0\r\nbrokerName=b=c\ntraceOn=FALSE", "broker.conf");
  ASSERT_TRUE(read) << read.error().remark();
  EXPECT_EQ(settings.integer("listenPort"), 0);
  EXPECT_EQ(settings.text("brokerName"), "b=c");
  EXPECT_FALSE(settings.boolean("traceOn"));
  EXPECT_EQ(settings.text("traceOn"), "false");
  EXPECT_FALSE(settings.is_default("listenPort"));
}

TEST(Settings, LetsTheLaterValueWin) {
  Settings settings;
  ASSERT_TRUE(settings.read_text("listenPort=1\nlistenPort=2\n", "broker.conf"));
  ASSERT_TRUE(settings.set("listenPort", "3"));
  EXPECT_EQ(settings.integer("listenPort"), 3);
}

TEST(Settings, TellsWhereAWrongValueStandsAndWhatIsAllowed) {
  Settings settings;
  EXPECT_EQ(remark_of(settings.read_text("\n\nlistenPort = abc\n", "broker.conf")),
            "listenPort = abc (broker.conf:3): expected a whole number from 0 to 65535");
  EXPECT_EQ(remark_of(settings.set("traceOn", "yes")),
            "traceOn = yes (--set): expected true or false");
  EXPECT_EQ(remark_of(settings.set("flushDiskType", "SYNC")),
            "flushDiskType = SYNC (--set): expected ASYNC_FLUSH or SYNC_FLUSH");
  EXPECT_EQ(remark_of(settings.set("logLevel", "loud")),
            "logLevel = loud (--set): expected trace, debug, info, warn, error or off");
  EXPECT_EQ(remark_of(settings.read_text("listenPort 1", "broker.conf")),
            "listenPort 1 (broker.conf:1): expected key=value");
  EXPECT_TRUE(settings.is_default("listenPort"));
}

TEST(Settings, RefusesNumbersOutsideTheirRange) {
  Settings settings;
  for (const char* value : {"-1", "65536", "", "1.5", "0x10", "99999999999999999999"}) {
    EXPECT_FALSE(settings.set("listenPort", value)) << value;
  }
  EXPECT_TRUE(settings.set("listenPort", "65535"));
  EXPECT_FALSE(settings.set("defaultTopicQueueNums", "1025"));
  EXPECT_FALSE(settings.set("mappedFileSizeCommitLog", "1048575"));
  EXPECT_TRUE(settings.set("mappedFileSizeCommitLog", "1048576"));
}

TEST(Settings, SuggestsTheNearestKey) {
  Settings settings;
  EXPECT_EQ(remark_of(settings.set("listnPort", "1")),
            "listnPort = 1 (--set): there is no such key; did you mean listenPort?");
  EXPECT_THAT(remark_of(settings.set("LISTENPORT", "1")), HasSubstr("listenPort?"));
  EXPECT_THAT(remark_of(settings.set("haListenPrt", "1")), HasSubstr("haListenPort?"));
}

TEST(Settings, AcceptsApachesOtherKeysWithAWarning) {
  Settings settings;
  ASSERT_TRUE(
      settings.read_text("haListenPort=10912\nuseEpollNativeSelector=true\n", "broker.conf"));
  EXPECT_THAT(settings.warnings(),
              ElementsAre(HasSubstr("haListenPort = 10912 (broker.conf:1)"),
                          HasSubstr("useEpollNativeSelector = true (broker.conf:2)")));
}

TEST(Settings, RefusesWhatWouldBreakAPromiseIfItWereIgnored) {
  Settings settings;
  for (const auto* pair : {"aclEnable=true", "brokerRole=SLAVE", "brokerRole=SYNC_MASTER",
                           "enableDLegerCommitLog=true", "authenticationEnabled=true"}) {
    EXPECT_FALSE(settings.read_text(pair, "broker.conf")) << pair;
  }
  EXPECT_TRUE(settings.read_text("aclEnable=false\nbrokerRole=ASYNC_MASTER\n", "broker.conf"));
}

TEST(Settings, ReadsBackWhatItPrints) {
  Settings first;
  ASSERT_TRUE(first.set("brokerName", "b"));
  ASSERT_TRUE(first.set("flushDiskType", "sync_flush"));
  Settings second;
  ASSERT_TRUE(second.read_text(first.as_properties(), "printed"));
  EXPECT_EQ(second.as_properties(), first.as_properties());
  EXPECT_EQ(second.text("flushDiskType"), "SYNC_FLUSH");
}

TEST(Settings, KeepsALineBreakOutOfAText) {
  Settings settings;
  EXPECT_FALSE(settings.set("brokerName", "b\nlistenPort=1"));
}

TEST(SettingsDeathTest, StopsWhenTheProgramAsksForAKeyThatIsNotThere) {
  const Settings settings;
  EXPECT_DEATH(settings.text("noSuchKey"), "");
  EXPECT_DEATH(settings.integer("brokerName"), "");
}

}  // namespace
}  // namespace sluice
