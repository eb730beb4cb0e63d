#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Values that a SQL filter works on, and how two of them compare. The rules are those of Apache
/// RocketMQ (filter/expression/ComparisonExpression.java): a property is a text, and takes the type
/// of what it is compared with. Pure; allocates nothing.
namespace sluice::delivery::sql {

enum class Type : std::uint8_t { null, boolean, int32, int64, real, text };

/// Trivial, so that a stack of them costs nothing to make. The text is somebody else's.
struct Value {
  struct Chars {
    const char* data;
    std::size_t size;
  };

  Type type;
  union {
    bool boolean;
    std::int64_t integer;  ///< int32 and int64
    double real;
    Chars chars;
  };

  static Value null() { return {.type = Type::null, .integer = 0}; }
  static Value of(bool value) { return {.type = Type::boolean, .boolean = value}; }
  /// int32 when it fits, as literals are typed.
  static Value of(std::int64_t value);
  static Value of(double value) { return {.type = Type::real, .real = value}; }
  static Value of(std::string_view value) {
    return {.type = Type::text, .chars = {.data = value.data(), .size = value.size()}};
  }

  std::string_view text() const { return {chars.data, chars.size}; }
  bool is_null() const { return type == Type::null; }
  bool is_number() const {
    return type == Type::int32 || type == Type::int64 || type == Type::real;
  }
};

/// A text as Java's Double.valueOf takes it, but for hexadecimal: blanks around, a sign, NaN,
/// Infinity, an exponent, a last d or f. Too large is infinite.
std::optional<double> parse_real(std::string_view text);

/// Negative, 0 or positive, as `left` is less, equal or greater; nothing when a text is no value of
/// the other's type. Neither may be null. Types that cannot be compared are "less".
std::optional<int> compare(const Value& left, const Value& right);

/// The same for < <= > >=, where two texts are compared as numbers.
std::optional<int> compare_order(const Value& left, const Value& right);

}  // namespace sluice::delivery::sql
