#include "delivery/sql/parser.h"

#include <fmt/format.h>

#include "delivery/sql/grammar.h"
#include "delivery/sql/literals.h"

namespace sluice::delivery::sql {

Result<Program> Parser::run() {
  SLUICE_CHECK(advance());
  SLUICE_TRY(const Operand all, alternatives());
  if (token_.symbol != Symbol::end) {
    return refuse(token_, "allowed are AND, OR, an operator, or the end of the expression");
  }
  SLUICE_CHECK(as_boolean(all));
  return std::move(program_);
}

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

Result<Operand> Parser::comparison() {
  SLUICE_TRY(Operand left, unary());
  while (true) {
    SLUICE_TRY(const auto more, after_operand(left));
    if (!more) return left;
    left = *more;
  }
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

Result<Program> parse(std::string_view expression) {
  if (expression.size() > kTextMax) {
    return fail(
        Errc::subscription_malformed,
        fmt::format("SQL filter: it has {} bytes, {} are allowed", expression.size(), kTextMax));
  }
  return Parser(expression).run();
}

}  // namespace sluice::delivery::sql
