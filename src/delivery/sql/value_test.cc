#include <array>

#include <gtest/gtest.h>

#include "delivery/sql/testing/expect.h"

namespace sluice::delivery::sql {
namespace {

TEST(SqlValue, ComparesNumbers) {
  constexpr auto kCases = std::to_array<Case>({
      {"a = 5", true},          {"a = 6", false},
      {"a <> 6", true},         {"a <> 5", false},
      {"a > 4", true},          {"a > 5", false},
      {"a >= 5", true},         {"a < 6", true},
      {"a < 5", false},         {"a <= 5", true},
      {"5 = a", true},          {"4 < a", true},
      {"a > -1", true},         {"neg = -5", true},
      {"neg = - - 5", false},   {"a = +5", true},
      {"plus = 5", true},       {"a = 5L", true},
      {"a = 5.0", true},        {"real = 2.5", true},
      {"real > 2.4E0", true},   {"real < .25E1", false},
      {"exp = 1000.", true},    {"5 > 4", true},
      {"5 > 4.5", true},        {"4.5 < 5", true},
      {"3000000000 > 5", true}, {"big = 3000000000", true},
      {"a < 3000000000", true}, {"(a) = (5)", true},
  });
  expect_all(kCases);
}

// ComparisonExpression.java __compare: Integer.valueOf and so on; what they refuse ends the
// evaluation.
TEST(SqlValue, ATextTakesTheTypeOfTheLiteral) {
  constexpr auto kCases = std::to_array<Case>({
      {"real > 2", false},          {"real > 2.0", true},        {"exp > 5", false},
      {"exp > 5.5", true},          {"big > 5", false},          {"big > 5.5", true},
      {"big > 2999999999", true},   {"text > 5", false},         {"text <> 5", false},
      {"text = 5 OR a = 5", false}, {"a = 5 OR text = 5", true}, {"text = 5 AND a = 6", false},
      {"NOT (text = 5)", false},    {"yes = TRUE", true},        {"yes = FALSE", false},
      {"no = TRUE", false},         {"no = FALSE", true},        {"no <> TRUE", true},
      {"TRUE = yes", false},        {"FALSE = no", false},
  });
  expect_all(kCases);
}

TEST(SqlValue, TwoPropertiesAreTextsForEqualityAndNumbersForOrder) {
  constexpr auto kCases = std::to_array<Case>({
      {"a < b", true},
      {"b < a", false},
      {"a = a", true},
      {"a = b", false},
      {"a <> b", true},
      {"a < real", false},
      {"a > text", false},
      {"text > a OR a = 5", false},
      {"plus = a", false},
      {"exp > big", false},
      {"big > exp", true},
  });
  expect_all(kCases);
}

TEST(SqlValue, ComparesTexts) {
  constexpr auto kCases = std::to_array<Case>({
      {"text = 'hello'", true},
      {"text <> 'hello'", false},
      {"text = 'Hello'", false},
      {"'hello' = text", true},
      {"quote = 'it''s'", true},
      {"TAGS = 'red'", true},
      {"a = '5'", true},
      {"a = '5.0'", false},
      {"'x' = 'x'", true},
      {"'x' = 'y'", false},
      {"text = ''", false},
      {"1 = TRUE", false},
  });
  expect_all(kCases);
}

TEST(SqlValue, SpecialNumbersOrderAsInJava) {
  const MapProperties message{{"nan", "NaN"},           {"inf", "-Infinity"}, {"huge", "1e400"},
                              {"zero", "-0.0"},         {"suffix", " 2.5d "}, {"hex", "0x10"},
                              {"min", "-2147483648"},   {"tiny", "1e-400"},   {"small", "0.0"},
                              {"vast", "1e99999999999"}};
  constexpr auto kCases = std::to_array<Case>({
      {"nan > 1.5E300", true},
      {"nan = nan", true},
      {"inf < -1.5E300", true},
      {"huge > 1.5E300", true},
      {"suffix = 2.5", true},
      {"hex > 1.5", false},
      {"min = -2147483648", true},
      {"min > -2147483649", true},
      {"zero < 4.9E-324", true},
      {"zero = small", false},
      {"zero < small", true},
      {"tiny < 4.9E-324", true},
      {"tiny > -1.0", true},
      {"vast = 1.5", false},
      {"vast > 1.5", true},
  });
  expect_matches(message, kCases);
}

}  // namespace
}  // namespace sluice::delivery::sql
