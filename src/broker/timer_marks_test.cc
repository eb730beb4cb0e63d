#include "broker/timer_marks.h"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

TEST(TimerMarks, AreReadAsTheyWereWritten) {
  const TimerMark mark{.kind = TimerMark::Kind::again, .entries = {{{7, 100}, 90}, {{8, 190}, 91}}};
  const std::string body = mark.body();
  const auto read = TimerMark::parse(as_bytes(body));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, mark.kind);
  EXPECT_EQ(read->entries, mark.entries);
}

TEST(TimerMarks, OfRecordsThatCannotBeAreRefused) {
  for (const store::DueEntry& entry :
       {store::DueEntry{{-1, 100}, 90}, {{7, -100}, 90}, {{7, 100}, 0}, {{7, 100}, -90}}) {
    EXPECT_FALSE(TimerMark::parse(as_bytes(TimerMark{.entries = {entry}}.body())));
  }
  EXPECT_FALSE(TimerMark::parse({}));
  EXPECT_FALSE(TimerMark::parse(as_bytes(std::string(1, '\4'))));
  EXPECT_FALSE(TimerMark::parse(as_bytes(std::string(5, '\1'))));
}

}  // namespace
}  // namespace sluice::broker
