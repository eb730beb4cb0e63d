#include <algorithm>
#include <array>
#include <span>

#include "delivery/sql/grammar.h"

namespace sluice::delivery::sql {

namespace {

struct OperatorRow {
  Symbol symbol;
  Op op;
};

constexpr std::array kOrders{OperatorRow{Symbol::greater, Op::greater},
                             OperatorRow{Symbol::greater_equal, Op::greater_equal},
                             OperatorRow{Symbol::less, Op::less},
                             OperatorRow{Symbol::less_equal, Op::less_equal}};
constexpr std::array kSearches{OperatorRow{Symbol::key_contains, Op::contains},
                               OperatorRow{Symbol::key_starts_with, Op::starts_with},
                               OperatorRow{Symbol::key_ends_with, Op::ends_with}};

const OperatorRow* find(std::span<const OperatorRow> rows, Symbol symbol) {
  const auto found = std::ranges::find(rows, symbol, &OperatorRow::symbol);
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

Result<Operand> Parser::equal(Operand left) {
  const bool inverted = token_.symbol == Symbol::not_equal;
  SLUICE_CHECK(advance());
  SLUICE_TRY(const Operand right, comparison());
  SLUICE_CHECK(check_equal(left, right));
  emit({.op = Op::equal});
  if (inverted) emit({.op = Op::negate});
  return result_of(left);
}

Result<Operand> Parser::is_null(Operand left) {
  SLUICE_CHECK(advance());
  const bool inverted = token_.symbol == Symbol::key_not;
  if (inverted) SLUICE_CHECK(advance());
  SLUICE_CHECK(expect(Symbol::key_null, "IS allows NULL and NOT NULL only"));
  emit({.op = Op::constant});
  emit({.op = Op::equal});
  if (inverted) emit({.op = Op::negate});
  return result_of(left);
}

/// The comparison that begins at the current token, if one does.
Result<std::optional<Operand>> Parser::after_operand(const Operand& left) {
  if (const auto* const row = find(kOrders, token_.symbol)) return ordered(left, row->op);
  const bool inverted = token_.symbol == Symbol::key_not;
  if (inverted) SLUICE_CHECK(advance());
  if (const auto* const row = find(kSearches, token_.symbol)) {
    return search(left, row->op, inverted);
  }
  if (token_.symbol == Symbol::key_between) return between(left, inverted);
  if (token_.symbol == Symbol::key_in) return in(left, inverted);
  if (inverted) {
    return refuse(token_,
                  "behind an operand NOT allows IN, BETWEEN, CONTAINS, STARTSWITH and ENDSWITH");
  }
  return std::nullopt;
}

Result<Operand> Parser::ordered(Operand left, Op op) {
  SLUICE_CHECK(advance());
  SLUICE_TRY(const Operand right, unary());
  SLUICE_CHECK(check_order(left));
  SLUICE_CHECK(check_order(right));
  emit({.op = op});
  return result_of(left);
}

/// `v BETWEEN x AND y` is `v >= x AND v <= y`, NOT BETWEEN is `v < x OR v > y`. v is not a boolean,
/// so one instruction repeats it.
Result<Operand> Parser::between(Operand left, bool inverted) {
  SLUICE_CHECK(check_order(left));
  SLUICE_CHECK(advance());
  SLUICE_TRY(const Operand low, unary());
  SLUICE_CHECK(check_order(low));
  emit({.op = inverted ? Op::less : Op::greater_equal});
  const std::size_t skip = emit({.op = Op::skip_if, .constant = Value::of(inverted)});
  emit(Instruction(program_.code[left.code]));
  SLUICE_CHECK(expect(Symbol::key_and, "BETWEEN needs AND between its two limits"));
  SLUICE_TRY(const Operand high, unary());
  SLUICE_CHECK(check_order(high));
  if (!inverted) SLUICE_CHECK(check_limits(low, high));
  emit({.op = inverted ? Op::greater : Op::less_equal});
  emit({.op = inverted ? Op::either : Op::both});
  program_.land(skip);
  return result_of(left);
}

Result<Operand> Parser::in(Operand left, bool inverted) {
  if (left.kind != Kind::property) {
    return refuse(left.token, "on the left of IN a property is allowed");
  }
  SLUICE_CHECK(advance());
  SLUICE_CHECK(expect(Symbol::open, "IN needs ( and texts in single quotes"));
  const std::size_t first = program_.list.size();
  while (true) {
    SLUICE_TRY(const TextRange text, quoted());
    program_.list.push_back(text);
    if (token_.symbol != Symbol::comma) break;
    SLUICE_CHECK(advance());
  }
  SLUICE_CHECK(expect(Symbol::close, "a list of IN goes on with , or ends with )"));
  const std::span list = std::span(program_.list).subspan(first);
  std::ranges::sort(list, {}, [this](TextRange range) { return program_.text(range); });
  emit({.op = Op::in,
        .inverted = inverted,
        .first = static_cast<std::uint32_t>(first),
        .size = static_cast<std::uint32_t>(list.size())});
  return result_of(left);
}

Result<Operand> Parser::search(Operand left, Op op, bool inverted) {
  SLUICE_CHECK(advance());
  SLUICE_TRY(const TextRange text, quoted());
  emit({.op = op, .inverted = inverted, .first = text.first, .size = text.size});
  return result_of(left);
}

}  // namespace sluice::delivery::sql
