#pragma once

#include <cstdint>

#include "base/result.h"
#include "delivery/sql/lexer.h"
#include "delivery/sql/value.h"

/// A part of a SQL filter while it is compiled, and the rules on where it may stand. They are those
/// of Apache RocketMQ's filter/expression/ComparisonExpression.java. Errors:
/// subscription_malformed, at the operand.
namespace sluice::delivery::sql {

struct Operand {
  enum class Kind : std::uint8_t {
    property,
    literal,   ///< a number or text as it was written
    truth,     ///< TRUE, FALSE or NULL as it was written
    computed,  ///< with a minus sign
    boolean,   ///< the result of an operator
  } kind = Kind::computed;
  std::size_t code = 0;         ///< its first instruction; unless it is a boolean, the only one
  Token token;                  ///< where it begins
  Value value = Value::null();  ///< what is known of it already; a text's type only

  bool is_boolean() const { return kind == Kind::boolean || kind == Kind::truth; }
  bool is_constant() const { return kind == Kind::literal || kind == Kind::truth; }
};

/// What an operator makes of the operand on its left.
inline Operand result_of(const Operand& left) {
  return {.kind = Operand::Kind::boolean, .code = left.code, .token = left.token};
}

/// AND, OR, NOT and the whole expression: a boolean or a property.
Result<void> check_boolean(const Operand& operand);
/// < <= > >= and BETWEEN: a number or a property.
Result<void> check_order(const Operand& operand);
/// = and <>: not NULL, and no TRUE or FALSE before a number or text.
Result<void> check_equal(const Operand& left, const Operand& right);
/// BETWEEN: written limits are in order.
Result<void> check_limits(const Operand& low, const Operand& high);

}  // namespace sluice::delivery::sql
