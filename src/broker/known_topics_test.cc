#include "broker/known_topics.h"

#include <string>

#include <gtest/gtest.h>

#include "broker/testing/fake_store.h"

namespace sluice::broker {
namespace {

constexpr WallTime kNow = from_unix_ms(1'700'000'000'000);

class Known : public ::testing::Test {
 protected:
  std::shared_ptr<Topic> make(const std::string& name) {
    return *topics_.ensure({.name = name}, kNow);
  }
  Topic* find(std::string_view name) const { return known_.find(topic_hash(name), name); }

  testing::FakeStore store_;
  Topics topics_{store_, {}};
  KnownTopics known_;
};

TEST_F(Known, AreThoseThatWereAdded) {
  make("a");
  const auto b = make("b");
  EXPECT_EQ(find("b"), nullptr);
  EXPECT_EQ(&known_.add(b), b.get());
  EXPECT_EQ(find("b"), b.get());
  EXPECT_EQ(find("a"), nullptr);
  known_.let_go();
  EXPECT_EQ(find("b"), b.get());
  EXPECT_EQ(known_.size(), 1u);
}

TEST_F(Known, AreNotFoundWhenTheyWereRemovedButHeldUntilLetGo) {
  const std::weak_ptr<Topic> first = make("t"), other = make("other");
  known_.add(first.lock());
  known_.add(other.lock());
  ASSERT_TRUE(topics_.remove("t", kNow));
  EXPECT_EQ(find("t"), nullptr);
  known_.let_go();
  EXPECT_FALSE(first.expired());  // nobody has said so yet
  known_.forget("t");
  EXPECT_FALSE(first.expired());
  known_.let_go();
  EXPECT_TRUE(first.expired());
  EXPECT_EQ(find("other"), other.lock().get());
}

TEST_F(Known, AreTheNewestOfTheirNameAndThoseBeforeAreHeldUntilLetGo) {
  const std::weak_ptr<Topic> first = make("t");
  known_.add(first.lock());
  ASSERT_TRUE(topics_.remove("t", kNow));
  const auto second = make("t");
  known_.add(second);
  EXPECT_EQ(find("t"), second.get());
  EXPECT_FALSE(first.expired());
  known_.let_go();
  EXPECT_TRUE(first.expired());
  EXPECT_EQ(find("t"), second.get());
  EXPECT_EQ(known_.size(), 1u);
}

}  // namespace
}  // namespace sluice::broker
