#include <array>

#include <gtest/gtest.h>

#include "delivery/sql/testing/expect.h"

namespace sluice::delivery::sql {
namespace {

// LogicExpression.java, and doCreateEqual of ComparisonExpression.java: NULL on the right of = is
// false.
TEST(SqlFilter, NullIsUnknown) {
  constexpr auto kCases = std::to_array<Case>({
      {"none IS NULL", true},
      {"none IS NOT NULL", false},
      {"a IS NULL", false},
      {"a IS NOT NULL", true},
      {"none = 5", false},
      {"none <> 5", false},
      {"5 = none", false},
      {"5 <> none", true},
      {"none = none", true},
      {"none > 5", false},
      {"5 > none", false},
      {"NOT (none > 5)", false},
      {"none > 5 OR a = 5", true},
      {"a = 5 OR none > 5", true},
      {"none > 5 OR a = 6", false},
      {"NOT (none > 5 OR a = 6)", false},
      {"NOT (none > 5 AND a = 6)", true},
      {"NOT (a = 6 AND none > 5)", true},
      {"NOT (none > 5 AND a = 5)", false},
      {"NULL", false},
      {"NULL IS NULL", true},
      {"5 IS NULL", false},
      {"(none > 5) IS NULL", true},
      {"(a > 5) IS NULL", false},
      {"none IN ('x')", false},
      {"none NOT IN ('x')", false},
      {"NOT none", false},
  });
  expect_all(kCases);
}

TEST(SqlFilter, InComparesTextsOnly) {
  constexpr auto kCases = std::to_array<Case>({
      {"a IN ('5')", true},
      {"a IN ('3', '4', '5', '6', '7')", true},
      {"a IN ('3', '4')", false},
      {"a NOT IN ('3', '4')", true},
      {"a NOT IN ('5', '5')", false},
      {"text in ('hello','')", true},
      {"quote IN ('it''s')", true},
      {"(a) IN ('5')", true},
      {"a IN ('5.0')", false},
  });
  expect_all(kCases);
}

TEST(SqlFilter, BetweenIncludesItsLimits) {
  constexpr auto kCases = std::to_array<Case>({
      {"a BETWEEN 5 AND 9", true},
      {"a BETWEEN 1 AND 5", true},
      {"a BETWEEN 5 AND 5", true},
      {"a BETWEEN 6 AND 9", false},
      {"a NOT BETWEEN 6 AND 9", true},
      {"a NOT BETWEEN 5 AND 9", false},
      {"real BETWEEN 2.4 AND 2.6", true},
      {"a BETWEEN a AND b", true},
      {"b between a and a", false},
      {"none BETWEEN 1 AND 2", false},
      {"none NOT BETWEEN 1 AND 2", false},
      {"a BETWEEN none AND 9", false},
      {"NOT (a BETWEEN none AND 4)", true},
      {"a NOT BETWEEN none AND 4", true},
      {"a NOT BETWEEN 9 AND 1", true},
      {"text BETWEEN 1 AND 9", false},
      {"7 BETWEEN a AND b", true},
      {"neg BETWEEN -9 AND -1", true},
      {"neg BETWEEN -1 AND -9", false},
      {"a BETWEEN 1 AND 9 AND b BETWEEN 1 AND 9", true},
      {"a BETWEEN 1 AND 9 AND b BETWEEN 1 AND 2", false},
  });
  expect_all(kCases);
}

// ExpressionTest.java: an empty text and no text are false, with NOT too.
TEST(SqlFilter, SearchesTexts) {
  constexpr auto kCases = std::to_array<Case>({
      {"text CONTAINS 'ell'", true},       {"text CONTAINS 'x'", false},
      {"text NOT CONTAINS 'x'", true},     {"text NOT CONTAINS 'ell'", false},
      {"text STARTSWITH 'he'", true},      {"text STARTSWITH 'lo'", false},
      {"text NOT STARTSWITH 'lo'", true},  {"text ENDSWITH 'lo'", true},
      {"text ENDSWITH 'he'", false},       {"text NOT ENDSWITH 'he'", true},
      {"text CONTAINS ''", false},         {"text NOT CONTAINS ''", false},
      {"none CONTAINS 'x'", false},        {"none NOT CONTAINS 'x'", false},
      {"none NOT STARTSWITH 'x'", false},  {"none NOT ENDSWITH 'x'", false},
      {"'axb' CONTAINS 'x'", true},        {"5 CONTAINS '5'", false},
      {"5 NOT CONTAINS '5'", false},       {"a CONTAINS '5'", true},
      {"(a = 5) NOT CONTAINS 'x'", false},
  });
  expect_all(kCases);
}

TEST(SqlFilter, AndBindsTighterThanOr) {
  constexpr auto kCases = std::to_array<Case>({
      {"a = 5 OR a = 6 AND b = 6", true},
      {"(a = 5 OR a = 6) AND b = 6", false},
      {"a = 6 AND b = 7 OR b = 7", true},
      {"a = 6 OR b = 6 OR b = 7", true},
      {"a = 5 AND b = 7 AND real > 1.5", true},
      {"TRUE", true},
      {"FALSE", false},
      {"TRUE AND a = 5", true},
      {"FALSE OR a = 5", true},
  });
  expect_all(kCases);
}

// SelectorParser.jj unaryExpr: NOT takes the property alone, which is no boolean and so false.
TEST(SqlFilter, NotBindsTighterThanComparison) {
  constexpr auto kCases = std::to_array<Case>({
      {"NOT (a = 6)", true},
      {"NOT a = 5", false},
      {"NOT a = 6", false},
      {"NOT a", true},
      {"NOT NOT a", false},
      {"NOT TRUE", false},
      {"NOT NOT TRUE", true},
  });
  expect_all(kCases);
}

// UnaryExpression.java createBooleanCast: a text is no Boolean.
TEST(SqlFilter, APropertyAloneIsNeverTrue) {
  constexpr auto kCases = std::to_array<Case>({
      {"yes", false},
      {"yes OR a = 5", true},
      {"yes AND a = 5", false},
      {"none", false},
      {"a AND b", false},
  });
  expect_all(kCases);
}

TEST(SqlFilter, OperatorsChainAsInTheGrammar) {
  constexpr auto kCases = std::to_array<Case>({
      {"a = 5 = TRUE", true},
      {"a = 6 = FALSE", true},
      {"(a = 5) = (b = 7)", true},
      {"a = 5 <> TRUE", false},
      {"TRUE = TRUE", true},
      {"TRUE <> FALSE", true},
      {"(a = 5) = 5", false},
      {"a IS NULL IS NULL", false},
  });
  expect_all(kCases);
}

TEST(SqlFilter, ASignBeforeATextIsNull) {
  constexpr auto kCases = std::to_array<Case>({
      {"-a = 5", false},
      {"-a IS NULL", true},
      {"-'5' IS NULL", true},
      {"-(a = 5) IS NULL", true},
      {"-a > 1 OR a = 5", true},
      {"- -5 = a", true},
      {"-NULL IS NULL", true},
  });
  expect_all(kCases);
}

// SelectorParser.jj; a line comment that ends with the expression is a comment here too.
TEST(SqlFilter, SkipsBlanksAndComments) {
  constexpr auto kCases = std::to_array<Case>({
      {"\ta\n=\r5\f", true},
      {"a /* x */ = /**/ 5", true},
      {"a = -- five\n 5", true},
      {"a = 5 -- five", true},
      {"-- first\r\na = 5", true},
      {"a = 5--", true},
      {"a = 5 /* * ** / */", true},
      {"a=--5", true},
      {"a=5and b=7", true},
  });
  expect_all(kCases);
}

TEST(SqlFilter, WordsAreReservedInAnyCaseAndNamesAreNot) {
  constexpr auto kCases = std::to_array<Case>({
      {"a iN ('5') aNd b BetWeen 1 aNd 9", true},
      {"A = 5", false},
      {"A IS NULL", true},
      {"TAGS iS nOt nUlL", true},
      {"a <= now", false},
      {"_x$1 is null", true},
      {"inside IS NULL", true},
  });
  expect_all(kCases);
}

}  // namespace
}  // namespace sluice::delivery::sql
