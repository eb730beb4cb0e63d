#include "doors/remoting/broker/recycled_queue.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace sluice::doors {
namespace {

struct Element {
  std::string text;
  std::shared_ptr<int> held;
  void clear() {
    text.clear();
    held.reset();
  }
};

TEST(RecycledQueue, GivesElementsInOrderWhileItGrowsAndGoesRound) {
  RecycledQueue<Element> queue;
  int in = 0, out = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 7; ++i) queue.push().text = std::to_string(in++);
    for (int i = 0; i < 5; ++i, queue.pop()) EXPECT_EQ(queue.front().text, std::to_string(out++));
  }
  for (; !queue.empty(); queue.pop()) EXPECT_EQ(queue.front().text, std::to_string(out++));
  EXPECT_EQ(in, out);
}

TEST(RecycledQueue, KeepsAnElementsMemoryAndNothingElse) {
  RecycledQueue<Element> queue;
  const auto held = std::make_shared<int>(1);
  for (int i = 0; i < 16; ++i) {
    Element& element = queue.push();
    element.text.assign(100, 'x');
    element.held = held;
  }
  queue.clear();
  EXPECT_EQ(held.use_count(), 1);
  const Element& again = queue.push();
  EXPECT_TRUE(again.text.empty());
  EXPECT_GE(again.text.capacity(), 100U);
}

TEST(RecycledQueue, GivesBackWhatARushNeeded) {
  RecycledQueue<Element> queue;
  for (std::size_t i = 0; i <= RecycledQueue<Element>::kKept; ++i) queue.push().text = "text";
  queue.clear();
  queue.push().text = "next";
  EXPECT_EQ(queue.front().text, "next");
  EXPECT_EQ(queue.size(), 1U);
}

}  // namespace
}  // namespace sluice::doors
