#include "broker/sends_ahead.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/testing/fake_store.h"

namespace sluice::broker {
namespace {

constexpr WallTime kNow = from_unix_ms(1'700'000'000'000);

class Ahead : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 40; ++i) {
      names_.push_back("t" + std::to_string(i));
      if (i % 7 != 0) known_.add(*topics_.ensure({.name = names_.back()}, kNow));
    }
  }
  /// As a door does it: so many sends of a wake, each taken when enough others are known.
  void wake(std::size_t sends) {
    std::size_t taken = 0;
    const auto take = [&] {
      const Topic* const topic = ahead_.take();
      if (topic != nullptr) {
        EXPECT_EQ(topic->name(), names_[taken]);
        ++found_;
      }
      ++taken;
    };
    for (std::size_t i = 0; i < sends; ++i) {
      ahead_.expect(names_[i], QueueId(0));
      if (i + 1 - taken == SendsAhead::kSends) take();
    }
    for (std::size_t left = sends - taken; left < SendsAhead::kSends; ++left) ahead_.go_on();
    while (taken < sends) {
      ahead_.go_on();
      take();
    }
    ahead_.clear();
  }

  testing::FakeStore store_;
  Topics topics_{store_, {}};
  KnownTopics known_;
  SendsAhead ahead_{known_};
  std::vector<std::string> names_;
  int found_ = 0;
};

TEST_F(Ahead, FindTheTopicOfEachSendOfAWakeOfAnySize) {
  for (std::size_t sends = 0; sends <= names_.size(); ++sends) {
    found_ = 0;
    wake(sends);
    EXPECT_EQ(found_, static_cast<int>(sends - (sends + 6) / 7)) << sends;
  }
}

}  // namespace
}  // namespace sluice::broker
