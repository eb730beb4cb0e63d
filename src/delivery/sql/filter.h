#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "delivery/sql/program.h"

/// A SQL92 filter over the properties of messages, compiled once and asked for each message.
///
/// The language and its rules are those of Apache RocketMQ (filter/src/main/java): comparison,
/// BETWEEN, IN, IS NULL, CONTAINS, STARTSWITH, ENDSWITH, AND, OR, NOT. A property that the message
/// lacks is NULL, and what is compared with NULL is unknown; only TRUE matches. A text that is no
/// number where a number is needed ends the evaluation: no match.
namespace sluice::delivery::sql {

/// The properties of one message.
class Properties {
 public:
  virtual ~Properties() = default;
  /// Nothing when the message has no such property.
  virtual std::optional<std::string_view> find(std::string_view name) const = 0;
};

/// Immutable; any thread.
class Filter {
 public:
  /// Errors: subscription_malformed, with the position, what was found and what is allowed.
  static Result<Filter> compile(std::string_view expression);

  /// Allocates nothing.
  bool matches(const Properties& properties) const;

 private:
  explicit Filter(Program program) : program_(std::move(program)) {}
  Program program_;
};

}  // namespace sluice::delivery::sql
