#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

/// Cuts a SQL filter into tokens, as filter/parser/SelectorParser.jj of Apache RocketMQ defines
/// them. Blanks and comments (`-- line`, `/* block */`) separate tokens. Tokens are views into the
/// text.
namespace sluice::delivery::sql {

enum class Symbol : std::uint8_t {
  end,
  identifier,
  integer,
  real,
  text,
  key_not,
  key_and,
  key_or,
  key_between,
  key_in,
  key_true,
  key_false,
  key_null,
  key_is,
  key_contains,
  key_starts_with,
  key_ends_with,
  equal,
  not_equal,
  greater,
  greater_equal,
  less,
  less_equal,
  open,
  close,
  comma,
  plus,
  minus,
};

struct Token {
  Symbol symbol = Symbol::end;
  std::size_t at = 0;     ///< bytes before it in the text
  std::string_view text;  ///< as it was written; of a text with its quotes
};

/// `subscription_malformed` with the position (counted from 1), what was found there and what is
/// allowed.
std::unexpected<Error> refuse(const Token& found, std::string_view allowed);

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  /// The next token; `end` at the end, as often as asked. Errors: subscription_malformed (a
  /// character that starts no token, a text or comment that is not closed).
  Result<Token> next();

 private:
  Result<void> skip_blanks();
  Token take(Symbol symbol, std::size_t size);
  Token number();
  Result<Token> quoted();

  std::string_view rest() const { return text_.substr(at_); }

  std::string_view text_;
  std::size_t at_ = 0;
  bool after_operand_ = false;
};

}  // namespace sluice::delivery::sql
