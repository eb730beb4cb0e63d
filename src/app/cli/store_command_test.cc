// `sluice store` as typed.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/cli/cli_fixture.h"
#include "store/layout.h"
#include "store/testing/store_fixture.h"
#include "store/testing/temp_folder.h"

namespace sluice::app {
namespace {

using testing::HasSubstr;
using json = nlohmann::json;

/// A closed store of ten messages on the real disk.
struct StoreCommand : testing::Test {
  store::testing::TempFolder folder;
  std::string root = folder.path() + "/store";

  StoreCommand() {
    const auto disk = store::posix_disk();
    ManualClock clock;
    store::StoreOptions options = store::testing::small_options();
    options.root = root;
    auto store = store::testing::must_open(*disk, clock, options);
    const auto queue = store->queue("T", QueueId(0));
    EXPECT_TRUE(store::testing::append_all(*store, *queue, store::testing::numbered(10)));
    EXPECT_TRUE(store->close());
  }
  void damage() {
    std::fstream log(store::log_folder(root) + '/' + store::file_name(0),
                     std::ios::in | std::ios::out | std::ios::binary);
    log.seekp(95);
    log.put('#');
  }
};

TEST_F(StoreCommand, InfoTellsWhatIsThere) {
  const Outcome outcome = run({"store", "info", root, "--json"});
  ASSERT_EQ(outcome.status, kExitOk) << outcome.err;
  const json out = json::parse(outcome.out);
  EXPECT_EQ(out["messages"], 10);
  EXPECT_EQ(out["queues"], 1);
  EXPECT_THAT(run({"store", "info", root}).out, HasSubstr("Sluice"));
}

TEST_F(StoreCommand, VerifyOfAWholeStoreIsWell) {
  const Outcome outcome = run({"store", "verify", root});
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("Everything is well"));
}

TEST_F(StoreCommand, VerifyNamesDamageAndRepairMendsIt) {
  damage();
  const Outcome bad = run({"store", "verify", root, "--json"});
  EXPECT_EQ(bad.status, kExitFailed);
  EXPECT_EQ(json::parse(bad.out)["logDamage"][0]["from"], 0);
  const Outcome mended = run({"store", "repair", root});
  EXPECT_EQ(mended.status, kExitOk) << mended.err;
  EXPECT_THAT(mended.out, HasSubstr(root + "/damaged"));
  EXPECT_EQ(run({"store", "verify", root}).status, kExitOk);
  EXPECT_THAT(run({"store", "repair", root}).out, HasSubstr("nothing to mend"));
}

TEST_F(StoreCommand, AFolderThatIsNoStoreIsNamed) {
  const Outcome outcome = run({"store", "verify", folder.path() + "/nowhere"});
  EXPECT_EQ(outcome.status, kExitNotThere);
  EXPECT_THAT(outcome.err, HasSubstr("nowhere"));
}

}  // namespace
}  // namespace sluice::app
