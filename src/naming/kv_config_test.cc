#include "naming/kv_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::naming {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(KvConfig, ReplacesAValue) {
  KvConfig kv;
  kv.put("a", "k", "1");
  kv.put("a", "k", "2");
  ASSERT_TRUE(kv.list("a"));
  EXPECT_THAT(*kv.list("a"), ElementsAre(Pair("k", "2")));
}

TEST(KvConfig, RemovesNothingFromAnUnknownNamespaceAndDoesNotMakeOne) {
  KvConfig kv;
  EXPECT_FALSE(kv.remove("a", "k"));
  EXPECT_EQ(kv.get("a", "k"), std::nullopt);
  EXPECT_FALSE(kv.list("a"));
}

TEST(KvConfig, ListsAllPairsOfOneNamespaceInOrder) {
  KvConfig kv;
  kv.put("a", "y", "2");
  kv.put("a", "x", "1");
  kv.put("b", "z", "3");
  ASSERT_TRUE(kv.list("a"));
  EXPECT_THAT(*kv.list("a"), ElementsAre(Pair("x", "1"), Pair("y", "2")));
}

TEST(KvConfig, RestoresExactlyTheSnapshot) {
  KvConfig kv;
  kv.put("a", "k", "1");
  const auto snapshot = kv.snapshot();
  kv.put("b", "k", "2");
  EXPECT_FALSE(snapshot.contains("b")) << "a snapshot is a copy";
  kv.restore(snapshot);
  EXPECT_FALSE(kv.list("b")) << "what the snapshot lacks is gone";
  EXPECT_EQ(kv.get("a", "k"), "1");
}

}  // namespace
}  // namespace sluice::naming
