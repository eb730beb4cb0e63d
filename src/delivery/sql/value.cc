#include "delivery/sql/value.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/numbers.h"

namespace sluice::delivery::sql {
namespace {

template <class T>
int order(T left, T right) {
  return left < right ? -1 : left > right ? 1 : 0;
}

/// Java's Double.compare: -0.0 is below 0.0, and NaN is equal to itself and above all else.
int order_reals(double left, double right) {
  if (left < right) return -1;
  if (left > right) return 1;
  const auto bits = [](double value) {
    return std::bit_cast<std::int64_t>(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN()
                                                         : value);
  };
  return order(bits(left), bits(right));
}

bool is_true(std::string_view text) {
  constexpr std::string_view kTrue = "true";
  return std::ranges::equal(text, kTrue, [](char a, char b) { return (a | 0x20) == b; });
}

/// Java's Integer.valueOf and Long.valueOf: no blanks, a sign or none.
template <class T>
std::optional<Value> parse_integer(std::string_view text, Type type) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  const auto number = parse_number<T>(text);
  if (!number) return std::nullopt;
  return Value{.type = type, .integer = *number};
}

std::optional<Value> convert(std::string_view text, Type type) {
  switch (type) {
    case Type::boolean: return Value::of(is_true(text));
    case Type::int32: return parse_integer<std::int32_t>(text, type);
    case Type::int64: return parse_integer<std::int64_t>(text, type);
    case Type::real:
      if (const auto number = parse_real(text)) return Value::of(*number);
      return std::nullopt;
    case Type::null:
    case Type::text: break;
  }
  return std::nullopt;
}

double as_real(const Value& value) {
  return value.type == Type::real ? value.real : static_cast<double>(value.integer);
}

int order_numbers(const Value& left, const Value& right) {
  if (left.type == Type::real || right.type == Type::real) {
    return order_reals(as_real(left), as_real(right));
  }
  return order(left.integer, right.integer);
}

/// What a number is that no double is near: 0 or infinite, as its first digit stands behind or
/// before the point.
double out_of_range(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto mark = text.find_first_of("eE");
  const std::string_view digits = text.substr(0, mark);
  const auto point = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<std::int64_t>(digits.find_first_not_of("0."));
  if (mark == std::string_view::npos) return point > first ? kInfinity : 0;
  std::string_view exponent = text.substr(mark + 1);
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  const auto power = parse_number<std::int32_t>(exponent);
  if (!power) return exponent.starts_with('-') ? 0 : kInfinity;
  return point - first + std::int64_t{*power} > 0 ? kInfinity : 0;
}

/// Of decimal digits, a point and an exponent; the sign is gone.
std::optional<double> parse_decimal(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc::result_out_of_range ? out_of_range(text) : value;
}

}  // namespace

Value Value::of(std::int64_t value) {
  const bool small = value >= std::numeric_limits<std::int32_t>::min() &&
                     value <= std::numeric_limits<std::int32_t>::max();
  return {.type = small ? Type::int32 : Type::int64, .integer = value};
}

std::optional<double> parse_real(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::optional<double> value;
  if (text == "NaN") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (!text.empty() &&
             (text.front() == '.' || (text.front() >= '0' && text.front() <= '9'))) {
    if (std::string_view("dDfF").contains(text.back())) text.remove_suffix(1);
    value = parse_decimal(text);
  }
  if (value && negative) value = -*value;
  return value;
}

std::optional<int> compare(const Value& left, const Value& right) {
  if (left.type == Type::text && right.type == Type::text) return left.text().compare(right.text());
  if (left.type == Type::text) {
    const auto converted = convert(left.text(), right.type);
    if (!converted) return std::nullopt;
    return compare(*converted, right);
  }
  if (right.type == Type::text) {
    // On this side a boolean does not convert the text in Apache's filter: it fails.
    if (left.type == Type::boolean) return std::nullopt;
    const auto converted = convert(right.text(), left.type);
    if (!converted) return std::nullopt;
    return compare(left, *converted);
  }
  if (left.is_number() && right.is_number()) return order_numbers(left, right);
  if (left.type == Type::boolean && right.type == Type::boolean) {
    return order(left.boolean, right.boolean);
  }
  return -1;
}

std::optional<int> compare_order(const Value& left, const Value& right) {
  if (left.type != Type::text || right.type != Type::text) return compare(left, right);
  const auto a = parse_real(left.text());
  const auto b = parse_real(right.text());
  if (!a || !b) return std::nullopt;
  return order_reals(*a, *b);
}

}  // namespace sluice::delivery::sql
