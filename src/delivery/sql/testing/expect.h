#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "delivery/sql/filter.h"

/// For the tests of SQL filters: tables of expressions that do or do not match a message.
namespace sluice::delivery::sql {

class MapProperties : public Properties {
 public:
  MapProperties(std::initializer_list<std::pair<const std::string, std::string>> pairs)
      : pairs_(pairs) {}
  std::optional<std::string_view> find(std::string_view name) const override {
    const auto found = pairs_.find(std::string(name));
    if (found == pairs_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::string, std::string> pairs_;
};

struct Case {
  std::string_view expression;
  bool matches;
};

inline void expect_matches(const MapProperties& message, std::span<const Case> cases) {
  for (const Case& c : cases) {
    const auto filter = Filter::compile(c.expression);
    ASSERT_TRUE(filter) << c.expression << ": " << filter.error().remark();
    EXPECT_EQ(filter->matches(message), c.matches) << c.expression;
  }
}

/// Each expression asks the same message, which lacks `none`.
inline void expect_all(std::span<const Case> cases) {
  const MapProperties message{
      {"a", "5"},        {"b", "7"},        {"real", "2.5"}, {"big", "3000000000"},
      {"text", "hello"}, {"quote", "it's"}, {"yes", "TRUE"}, {"no", "no"},
      {"TAGS", "red"},   {"neg", "-5"},     {"plus", "+5"},  {"exp", "1e3"}};
  expect_matches(message, cases);
}

}  // namespace sluice::delivery::sql
