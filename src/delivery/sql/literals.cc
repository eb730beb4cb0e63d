#include "delivery/sql/literals.h"

#include <cmath>

#include "base/numbers.h"

namespace sluice::delivery::sql {
namespace {

Result<Value> integer_value(const Token& token) {
  std::string_view digits = token.text;
  if ((digits.back() | 0x20) == 'l') digits.remove_suffix(1);
  if (digits.starts_with('0') && digits.size() > 1) {
    return refuse(token, "an integer is decimal and begins with 0 only when it is 0");
  }
  const auto number = parse_number<std::int64_t>(digits);
  if (!number) return refuse(token, "an integer is at most 9223372036854775807");
  return Value::of(*number);
}

Result<Value> real_value(const Token& token) {
  const auto number = parse_real(token.text);
  if (!number || !std::isfinite(*number) || *number == 0) {
    return refuse(token,
                  "a number with a point or exponent is from 4.9E-324 to 1.79E308 (write 0 as 0)");
  }
  return Value::of(*number);
}

}  // namespace

Result<Value> number_value(const Token& token) {
  return token.symbol == Symbol::integer ? integer_value(token) : real_value(token);
}

std::string unquoted(const Token& token) {
  std::string text;
  for (std::size_t i = 1; i + 1 < token.text.size(); ++i) {
    text += token.text[i];
    if (token.text[i] == '\'') ++i;
  }
  return text;
}

}  // namespace sluice::delivery::sql
