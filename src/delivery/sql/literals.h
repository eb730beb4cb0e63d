#pragma once

#include <string>

#include "base/result.h"
#include "delivery/sql/lexer.h"
#include "delivery/sql/value.h"

/// What numbers and texts of a SQL filter mean, with the bounds of Apache RocketMQ's
/// filter/expression/ConstantExpression.java. Errors: subscription_malformed, at the token.
namespace sluice::delivery::sql {

/// Of an integer (64 bits, perhaps with a last L; neither octal nor hexadecimal) or a number with a
/// point or exponent (neither 0 nor infinite).
Result<Value> number_value(const Token& token);

/// Without its quotes, with two quotes within as one.
std::string unquoted(const Token& token);

}  // namespace sluice::delivery::sql
