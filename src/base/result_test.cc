#include "base/result.h"

#include <memory>
#include <set>

#include <gtest/gtest.h>

namespace sluice {
namespace {

Result<std::unique_ptr<int>> half(int n) {
  if (n % 2 != 0) return fail(Errc::invalid_argument, "odd");
  return std::make_unique<int>(n / 2);
}
Result<void> check(int n) {
  if (n < 0) return fail(Errc::not_found);
  return {};
}
Result<int> quarter(int n) {
  SLUICE_CHECK(check(n));
  SLUICE_TRY(auto once, half(n));
  SLUICE_TRY(auto twice, half(*once));
  return *twice;
}

TEST(Error, SaysTheRemarkOrElseTheTextOfItsCode) {
  EXPECT_EQ(Error(Errc::busy, "too many").remark(), "too many");
  EXPECT_EQ(Error(Errc::busy).remark(), errc_row(Errc::busy).text);
  static_assert(sizeof(Error) == 16);
}

TEST(Result, HandsMoveOnlyValuesThroughTry) { EXPECT_EQ(quarter(8).value(), 2); }

TEST(Result, HandsTheFirstErrorThroughTry) {
  const auto odd = quarter(6);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code(), Errc::invalid_argument);
  EXPECT_EQ(odd.error().remark(), "odd");
  EXPECT_EQ(quarter(-4).error().code(), Errc::not_found);
}

TEST(Errc, HasARowWithNameAndTextForEveryCode) {
  std::set<std::string_view> names;
  for (const ErrcRow& row : errc_rows()) {
    EXPECT_FALSE(row.name.empty());
    EXPECT_FALSE(row.text.empty());
    EXPECT_FALSE(row.text.ends_with('.')) << row.name;
    EXPECT_NE(row.remoting_code, 0) << row.name << " would look like a success";
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(&errc_row(row.code), &row);
  }
}

}  // namespace
}  // namespace sluice
