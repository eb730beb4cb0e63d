#include "delivery/sql/parser.h"

#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::delivery::sql {
namespace {

using testing::HasSubstr;

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string error_of(std::string_view expression) {
  const auto program = parse(expression);
  if (program) return "(none)";
  EXPECT_EQ(program.error().code(), Errc::subscription_malformed);
  return std::string(program.error().remark());
}

struct Refusal {
  std::string_view expression;
  std::string_view said;
};

void expect_refused(std::span<const Refusal> refusals) {
  for (const auto& [expression, said] : refusals) {
    EXPECT_THAT(error_of(expression), HasSubstr(said)) << expression;
  }
}

TEST(SqlParser, SaysWhereWhatWasFoundAndWhatIsAllowed) {
  EXPECT_EQ(error_of("a > 'x'"),
            "SQL filter, position 5: found ''x''; < <= > >= and BETWEEN compare numbers and "
            "properties only");
}

TEST(SqlParser, RefusesIncompleteExpressions) {
  expect_refused(std::to_array<Refusal>({
      {"", "position 1: found the end of the expression"},
      {"   ", "position 4: found the end of the expression"},
      {"a >", "position 4: found the end"},
      {"(a = 1", "position 7: found the end of the expression; a ) is missing"},
      {"a = 1)", "position 6: found ')'"},
      {"a = 1 AND", "position 10: found the end"},
      {"AND a = 1", "position 1: found 'AND'"},
      {"a and between 2 and 10", "position 7: found 'between'"},  // ParserTest.java
      {"a BETWEEN 1", "BETWEEN needs AND"},
      {"a BETWEEN 1, 2", "position 12: found ','"},
      {"a IN ()", "position 7: found ')'; a text in single quotes"},
      {"a IN 'x'", "IN needs ("},
      {"a IN ('x' 'y')", "goes on with , or ends with )"},
      {"a IN ('x',)", "a text in single quotes"},
      {"a IS 5", "position 6: found '5'; IS allows NULL and NOT NULL"},
      {"a IS NOT 5", "IS allows NULL and NOT NULL"},
      {"a NOT 5", "NOT allows IN, BETWEEN"},
      {"a CONTAINS b", "position 12: found 'b'; a text in single quotes"},  // ExpressionTest.java
      {"a CONTAINS 123", "a text in single quotes"},
      {"*", "position 1: found '*'"},
  }));
}

TEST(SqlParser, RefusesWhatFollowsACompleteExpression) {
  expect_refused(std::to_array<Refusal>({
      {"a = 1 b = 2", "position 7: found 'b'"},
      {"a LIKE 'x%'", "position 3: found 'LIKE'"},
      {"a = 0x1F", "position 6: found 'x1F'"},
      {"a = 1 + 1", "position 7: found '+'"},
  }));
}

TEST(SqlParser, RefusesWhatStartsNoToken) {
  expect_refused(std::to_array<Refusal>({
      {"a != 1", "position 3: found '!'"},
      {"a = 1;", "position 6: found ';'"},
      {"a = \"x\"", "position 5: found '\"'"},
      {"ä = 1", "position 1: found 'ä'"},
      {"a = 'x", "position 5: found ''x'; this text has no closing quote"},
      {"a = '", "no closing quote"},
      {"a = 'x''", "no closing quote"},
      {"a = 1 /* x *", "position 7: found '/*'; this comment has no closing"},
      {"a / 2", "position 3: found '/'"},
  }));
}

// ComparisonExpression.java: checkLessThanOperand, checkEqualOperand and createBetween.
TEST(SqlParser, RefusesOperandsThatCannotBeCompared) {
  expect_refused(std::to_array<Refusal>({
      {"'x' < a", "position 1: found ''x''"},
      {"a > TRUE", "found 'TRUE'"},
      {"a > NULL", "found 'NULL'"},
      {"a > (b = 1)", "compare numbers and properties only"},
      {"a > b > c", "compare numbers and properties only"},
      {"a BETWEEN 'x' AND 'y'", "position 11: found ''x''"},
      {"a BETWEEN 1 AND 'y'", "position 17: found ''y''"},
      {"a BETWEEN NULL AND 5", "found 'NULL'"},
      {"'x' BETWEEN 1 AND 5", "found ''x''"},
      {" a between 10 and 0", "position 19: found '0'; the second limit"},  // ParserTest.java
      {"a BETWEEN 2.5 AND 2", "the second limit"},
      {"a = NULL", "write IS NULL"},
      {"NULL = a", "write IS NULL"},
      {"a <> NULL", "write IS NULL"},
      {"TRUE = 1", "position 8: found '1'; TRUE and FALSE cannot be compared"},
      {"5 IN ('5')", "position 1: found '5'; on the left of IN a property"},
      {"(a = 1) IN ('5')", "on the left of IN a property"},
  }));
}

// SelectorParser.jj asBooleanExpression.
TEST(SqlParser, RefusesWhatIsNeitherTrueNorFalse) {
  expect_refused(std::to_array<Refusal>({
      {"5", "position 1: found '5'; it is neither true nor false"},
      {"'x'", "neither true nor false"},
      {"a = 1 AND 5", "position 11: found '5'"},
      {"'x' OR a = 1", "position 1: found ''x''"},
      {"NOT 5", "position 5: found '5'"},
      {"NOT -a", "neither true nor false"},
      {"-a", "neither true nor false"},
  }));
}

// ConstantExpression.java.
TEST(SqlParser, RefusesNumbersOutOfRange) {
  expect_refused(std::to_array<Refusal>({
      {"a > 9223372036854775808", "at most 9223372036854775807"},
      {"a > 100000000000000000000000", "at most 9223372036854775807"},  // ParserTest.java
      {"a > 007", "an integer is decimal"},
      {"a > 1E400", "from 4.9E-324 to 1.79E308"},
      {"a > 0.0", "write 0 as 0"},
      {"a > 1E-400", "from 4.9E-324 to 1.79E308"},
  }));
  EXPECT_EQ(error_of("a > 9223372036854775807L AND b > -9223372036854775807"), "(none)");
  EXPECT_EQ(error_of("a > 4.9E-324"), "(none)");
}

TEST(SqlParser, LimitsNestingButNotLength) {
  for (const std::string_view part : {"(", "NOT ", "- ", "+", "(a = 1 AND ", "TRUE = ("}) {
    EXPECT_THAT(error_of(repeated(part, 100'000 / part.size())), HasSubstr("nested 100 deep"))
        << part;
  }
  const std::string open = repeated("(", 100), close = repeated(")", 100);
  EXPECT_EQ(error_of(open + "a = 1" + close), "(none)");
  EXPECT_EQ(error_of("a = 1" + repeated(" OR a = 1", 20'000)), "(none)");
}

TEST(SqlParser, LimitsTheSize) {
  EXPECT_THAT(error_of(repeated(" ", kTextMax + 1)), HasSubstr("it has 262145 bytes"));
}

TEST(SqlParser, ShowsTheStartOfALongToken) {
  EXPECT_THAT(error_of("a " + repeated("x", 1000)), HasSubstr("'" + repeated("x", 40) + "...'"));
}

}  // namespace
}  // namespace sluice::delivery::sql
