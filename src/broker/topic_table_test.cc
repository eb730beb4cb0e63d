#include "broker/topic_table.h"

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "broker/testing/fake_store.h"
#include "broker/topics.h"

namespace sluice::broker {
namespace {

class TopicTables : public ::testing::Test {
 protected:
  std::shared_ptr<Topic> topic(std::string name) {
    return std::make_shared<Topic>(TopicConfig{.name = std::move(name)}, store_);
  }
  const Topic* found(std::string_view name) const {
    const auto* const at = table_.find(topic_hash(name), name);
    return at == nullptr ? nullptr : at->get();
  }

  testing::FakeStore store_;
  TopicTable table_;
};

TEST_F(TopicTables, HaveOneTopicOfAName) {
  const auto first = topic("t"), second = topic("t");
  EXPECT_TRUE(table_.insert(first));
  EXPECT_FALSE(table_.insert(second));
  EXPECT_EQ(found("t"), first.get());
  EXPECT_FALSE(table_.insert_or_assign(second));
  EXPECT_EQ(found("t"), second.get());
  EXPECT_EQ(table_.size(), 1u);
}

TEST_F(TopicTables, FindWhatIsThereWhateverCameAndWent) {
  std::map<std::string, std::shared_ptr<Topic>> expected;
  std::mt19937 random(7);  // NOLINT: the same each time
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "t" + std::to_string(random() % 700);
    table_.expect_row(topic_hash(name));
    table_.expect_topic(topic_hash(name));
    if (random() % 2 == 0) {
      table_.erase(name);
      expected.erase(name);
    } else if (auto made = topic(name); table_.insert(made)) {
      EXPECT_TRUE(expected.emplace(name, made).second);
    }
  }
  ASSERT_EQ(table_.size(), expected.size());
  for (int i = 0; i < 700; ++i) {
    const std::string name = "t" + std::to_string(i);
    const auto at = expected.find(name);
    EXPECT_EQ(found(name), at == expected.end() ? nullptr : at->second.get()) << name;
  }
  std::size_t seen = 0;
  table_.for_each([&](const Topic& one) { seen += expected.at(one.name()).get() == &one; });
  EXPECT_EQ(seen, expected.size());
}

TEST_F(TopicTables, EraseNothingWhereThereIsNone) {
  table_.erase("t");
  EXPECT_TRUE(table_.insert(topic("u")));
  table_.erase("t");
  EXPECT_EQ(table_.size(), 1u);
  EXPECT_NE(found("u"), nullptr);
}

}  // namespace
}  // namespace sluice::broker
