#include "delivery/sql/parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "delivery/sql/lexer.h"
#include "delivery/sql/literals.h"
#include "delivery/sql/operand.h"

namespace sluice::delivery::sql {
namespace {

using Kind = Operand::Kind;

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

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<Program> run() {
    SLUICE_CHECK(advance());
    SLUICE_TRY(const Operand all, alternatives());
    if (token_.symbol != Symbol::end) {
      return refuse(token_, "allowed are AND, OR, an operator, or the end of the expression");
    }
    SLUICE_CHECK(as_boolean(all));
    return std::move(program_);
  }

 private:
  // The levels of the grammar, the loosest first.
  Result<Operand> alternatives();
  Result<Operand> conjunction();
  Result<Operand> equality();
  Result<Operand> comparison();
  Result<Operand> unary();
  Result<Operand> primary();

  // Operators, which are the current token, behind their left operand.
  Result<Operand> joined(Operand left, Op op, Result<Operand> (Parser::*right_side)());
  Result<Operand> equal(Operand left);
  Result<Operand> is_null(Operand left);
  Result<Operand> ordered(Operand left, Op op);
  Result<Operand> between(Operand left, bool inverted);
  Result<Operand> in(Operand left, bool inverted);
  Result<Operand> search(Operand left, Op op, bool inverted);
  Result<std::optional<Operand>> after_operand(const Operand& left);
  Result<Operand> nested(Result<Operand> (Parser::*part)());
  Result<Operand> minus();

  Result<void> as_boolean(const Operand& operand);
  Result<TextRange> quoted();
  Result<void> advance() {
    SLUICE_TRY(token_, lexer_.next());
    return {};
  }
  Result<void> expect(Symbol symbol, std::string_view allowed) {
    if (token_.symbol != symbol) return refuse(token_, allowed);
    return advance();
  }
  /// What begins at the current token.
  Operand here(Kind kind, const Value& value = Value::null()) const {
    return {.kind = kind, .code = program_.code.size(), .token = token_, .value = value};
  }
  Result<Operand> constant(Kind kind, const Value& value) {
    const Operand operand = here(kind, value);
    emit({.op = Op::constant, .constant = value});
    SLUICE_CHECK(advance());
    return operand;
  }
  std::size_t emit(const Instruction& instruction) { return program_.emit(instruction); }

  Lexer lexer_;
  Token token_;
  Program program_;
  std::size_t nesting_ = 0;
};

Result<Operand> Parser::alternatives() {
  SLUICE_TRY(Operand left, conjunction());
  while (token_.symbol == Symbol::key_or) {
    SLUICE_TRY(left, joined(left, Op::either, &Parser::conjunction));
  }
  return left;
}

Result<Operand> Parser::conjunction() {
  SLUICE_TRY(Operand left, equality());
  while (token_.symbol == Symbol::key_and) {
    SLUICE_TRY(left, joined(left, Op::both, &Parser::equality));
  }
  return left;
}

Result<Operand> Parser::joined(Operand left, Op op, Result<Operand> (Parser::*right_side)()) {
  SLUICE_CHECK(as_boolean(left));
  const std::size_t skip = emit({.op = Op::skip_if, .constant = Value::of(op == Op::either)});
  SLUICE_CHECK(advance());
  SLUICE_TRY(const Operand right, (this->*right_side)());
  SLUICE_CHECK(as_boolean(right));
  emit({.op = op});
  program_.land(skip);
  return result_of(left);
}

Result<Operand> Parser::equality() {
  SLUICE_TRY(Operand left, comparison());
  while (true) {
    if (token_.symbol == Symbol::equal || token_.symbol == Symbol::not_equal) {
      SLUICE_TRY(left, equal(left));
    } else if (token_.symbol == Symbol::key_is) {
      SLUICE_TRY(left, is_null(left));
    } else {
      return left;
    }
  }
}

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

Result<Operand> Parser::comparison() {
  SLUICE_TRY(Operand left, unary());
  while (true) {
    SLUICE_TRY(const auto more, after_operand(left));
    if (!more) return left;
    left = *more;
  }
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

Result<Operand> Parser::nested(Result<Operand> (Parser::*part)()) {
  if (nesting_ == kNestingMax) {
    return refuse(token_,
                  fmt::format("parentheses, NOT and signs may be nested {} deep", kNestingMax));
  }
  ++nesting_;
  SLUICE_CHECK(advance());
  auto inner = (this->*part)();
  --nesting_;
  return inner;
}

Result<Operand> Parser::unary() {
  const Token begin = token_;
  switch (token_.symbol) {
    case Symbol::plus: return nested(&Parser::unary);
    case Symbol::minus: return minus();
    case Symbol::key_not: {
      SLUICE_TRY(Operand operand, nested(&Parser::unary));
      SLUICE_CHECK(as_boolean(operand));
      operand.token = begin;
      emit({.op = Op::negate});
      return result_of(operand);
    }
    default: return primary();
  }
}

/// Only a number has a negative; of a property, which is a text, it is NULL.
Result<Operand> Parser::minus() {
  const Token begin = token_;
  SLUICE_TRY(Operand operand, nested(&Parser::unary));
  Value value = Value::null();
  if (operand.value.type == Type::real) {
    value = Value::of(-operand.value.real);
  } else if (operand.value.is_number()) {
    value = operand.value;
    value.integer = -value.integer;
  }
  program_.code.resize(operand.code);
  emit({.op = Op::constant, .constant = value});
  return Operand{.kind = Kind::computed, .code = operand.code, .token = begin, .value = value};
}

Result<Operand> Parser::primary() {
  switch (token_.symbol) {
    case Symbol::key_true: return constant(Kind::truth, Value::of(true));
    case Symbol::key_false: return constant(Kind::truth, Value::of(false));
    case Symbol::key_null: return constant(Kind::truth, Value::null());
    case Symbol::integer:
    case Symbol::real: {
      SLUICE_TRY(const Value value, number_value(token_));
      return constant(Kind::literal, value);
    }
    case Symbol::text: {
      const Operand operand = here(Kind::literal, Value::of(std::string_view()));
      SLUICE_TRY(const TextRange text, quoted());
      emit({.op = Op::constant, .first = text.first, .size = text.size, .constant = operand.value});
      return operand;
    }
    case Symbol::identifier: {
      const Operand operand = here(Kind::property);
      const TextRange name = program_.keep(token_.text);
      emit({.op = Op::property, .first = name.first, .size = name.size});
      SLUICE_CHECK(advance());
      return operand;
    }
    case Symbol::open: {
      SLUICE_TRY(const Operand inner, nested(&Parser::alternatives));
      SLUICE_CHECK(expect(Symbol::close, "a ) is missing, or an operator"));
      return inner;
    }
    default:
      return refuse(token_,
                    "allowed are a property, a number, a text in single quotes, TRUE, "
                    "FALSE, NULL, NOT, + - and (");
  }
}

/// Takes a text in quotes into the pool.
Result<TextRange> Parser::quoted() {
  if (token_.symbol != Symbol::text) return refuse(token_, "a text in single quotes is needed");
  const TextRange range = program_.keep(unquoted(token_));
  SLUICE_CHECK(advance());
  return range;
}

Result<void> Parser::as_boolean(const Operand& operand) {
  SLUICE_CHECK(check_boolean(operand));
  if (operand.kind == Kind::property) emit({.op = Op::cast});
  return {};
}

}  // namespace

Result<Program> parse(std::string_view expression) {
  if (expression.size() > kTextMax) {
    return fail(
        Errc::subscription_malformed,
        fmt::format("SQL filter: it has {} bytes, {} are allowed", expression.size(), kTextMax));
  }
  return Parser(expression).run();
}

}  // namespace sluice::delivery::sql
