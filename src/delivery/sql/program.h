#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/sql/value.h"

/// A compiled SQL filter: instructions that work on a stack of values, so that no expression,
/// however long, makes the evaluation recurse. Made by parse(), run by Filter.
namespace sluice::delivery::sql {

inline constexpr std::size_t kTextMax = 256 << 10;  ///< bytes of an expression
inline constexpr std::size_t kNestingMax = 100;     ///< of parentheses, NOT and signs

/// What an instruction does to the stack of values.
enum class Op : std::uint8_t {
  constant,  ///< push `constant`, or the text
  property,  ///< push the value of the property that the text names
  cast,      ///< a property where a boolean is needed: false, for it is a text
  negate,    ///< NOT
  equal,
  greater,
  greater_equal,
  less,
  less_equal,
  both,         ///< AND of two
  either,       ///< OR of two
  skip_if,      ///< when the top is `constant`, the result is known: go on at `first`
  in,           ///< among `size` entries of the list, from `first` on; `inverted`: not among them
  contains,     ///< the text lies in the top; `inverted`: does not
  starts_with,  ///< likewise
  ends_with,    ///< likewise
};

struct Instruction {
  Op op;
  bool inverted = false;
  std::uint32_t first = 0;  ///< of the text in the pool, or as the operation says
  std::uint32_t size = 0;
  Value constant = Value::null();  ///< Type::text: the text is in the pool
};

/// A part of the pool of texts.
struct TextRange {
  std::uint32_t first = 0;
  std::uint32_t size = 0;
};

struct Program {
  std::vector<Instruction> code;
  std::vector<TextRange> list;  ///< the texts of IN, sorted for each IN
  std::string pool;             ///< names and texts

  /// Appends an instruction and gives its index.
  std::size_t emit(const Instruction& instruction);
  /// Lets a skip_if go on behind the last instruction.
  void land(std::size_t skip) { code[skip].first = static_cast<std::uint32_t>(code.size()); }
  /// Appends a text to the pool.
  TextRange keep(std::string_view text);

  std::string_view text(TextRange range) const {
    return std::string_view(pool).substr(range.first, range.size);
  }
  std::string_view text(const Instruction& i) const { return text({i.first, i.size}); }
};

}  // namespace sluice::delivery::sql
