#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "delivery/sql/lexer.h"
#include "delivery/sql/operand.h"
#include "delivery/sql/program.h"

/// The grammar of SQL filters, a function for each of its parts; each emits the instructions of
/// what it has read. The levels are in parser.cc, the operators between two of them in
/// comparisons.cc.
namespace sluice::delivery::sql {

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<Program> run();

 private:
  using Kind = Operand::Kind;

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

}  // namespace sluice::delivery::sql
