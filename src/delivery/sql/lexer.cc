#include "delivery/sql/lexer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace sluice::delivery::sql {
namespace {

constexpr std::size_t kShownMax = 40;  // bytes of a token in an error

struct Word {
  std::string_view text;
  Symbol symbol;
};

constexpr std::array kKeywords{
    Word{"AND", Symbol::key_and},
    Word{"BETWEEN", Symbol::key_between},
    Word{"CONTAINS", Symbol::key_contains},
    Word{"ENDSWITH", Symbol::key_ends_with},
    Word{"FALSE", Symbol::key_false},
    Word{"IN", Symbol::key_in},
    Word{"IS", Symbol::key_is},
    Word{"NOT", Symbol::key_not},
    Word{"NULL", Symbol::key_null},
    Word{"OR", Symbol::key_or},
    Word{"STARTSWITH", Symbol::key_starts_with},
    Word{"TRUE", Symbol::key_true},
};

/// A longer one before a shorter one that it starts with.
constexpr std::array kSigns{
    Word{"<>", Symbol::not_equal},  Word{">=", Symbol::greater_equal},
    Word{"<=", Symbol::less_equal}, Word{"=", Symbol::equal},
    Word{">", Symbol::greater},     Word{"<", Symbol::less},
    Word{"(", Symbol::open},        Word{")", Symbol::close},
    Word{",", Symbol::comma},       Word{"+", Symbol::plus},
    Word{"-", Symbol::minus},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool starts_name(char c) { return is_letter(c) || c == '_' || c == '$'; }
bool is_name(char c) { return starts_name(c) || is_digit(c); }

/// The length of the start of `text` whose characters all are `kind`.
std::size_t run(std::string_view text, bool (*kind)(char)) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, kind) - text.begin());
}

std::size_t exponent_size(std::string_view text) {
  if (text.empty() || (text.front() | 0x20) != 'e') return 0;
  const std::size_t sign = text.size() > 1 && (text[1] == '+' || text[1] == '-') ? 1 : 0;
  const std::size_t digits = run(text.substr(1 + sign), is_digit);
  return digits == 0 ? 0 : 1 + sign + digits;
}

Symbol word_symbol(std::string_view name) {
  const auto same = [name](const Word& word) {
    return std::ranges::equal(name, word.text, [](char a, char b) {
      return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b;
    });
  };
  const auto* const found = std::ranges::find_if(kKeywords, same);
  return found == kKeywords.end() ? Symbol::identifier : found->symbol;
}

bool ends_operand(Symbol symbol) {
  switch (symbol) {
    case Symbol::identifier:
    case Symbol::integer:
    case Symbol::real:
    case Symbol::text:
    case Symbol::key_true:
    case Symbol::key_false:
    case Symbol::key_null:
    case Symbol::close: return true;
    default: return false;
  }
}

}  // namespace

std::unexpected<Error> refuse(const Token& found, std::string_view allowed) {
  const bool cut = found.text.size() > kShownMax;
  const std::string what =
      found.symbol == Symbol::end && found.text.empty()
          ? "the end of the expression"
          : fmt::format("'{}{}'", found.text.substr(0, kShownMax), cut ? "..." : "");
  return fail(Errc::subscription_malformed,
              fmt::format("SQL filter, position {}: found {}; {}", found.at + 1, what, allowed));
}

Token Lexer::take(Symbol symbol, std::size_t size) {
  const Token token{.symbol = symbol, .at = at_, .text = text_.substr(at_, size)};
  at_ += size;
  after_operand_ = ends_operand(symbol);
  return token;
}

Result<void> Lexer::skip_blanks() {
  while (at_ < text_.size()) {
    if (std::string_view(" \t\n\r\f").contains(text_[at_])) {
      ++at_;
    } else if (rest().starts_with("/*")) {
      const auto stop = text_.find("*/", at_ + 2);
      if (stop == std::string_view::npos) {
        return refuse(take(Symbol::end, 2), "this comment has no closing */");
      }
      at_ = stop + 2;
    } else if (rest().starts_with("--")) {
      // Without a line end two signs could be meant; behind an operand they cannot.
      const auto stop = text_.find_first_of("\r\n", at_);
      if (stop == std::string_view::npos && !after_operand_) break;
      at_ = std::min(stop, text_.size());
    } else {
      break;
    }
  }
  return {};
}

Token Lexer::number() {
  const std::size_t digits = run(rest(), is_digit);
  const std::string_view behind = rest().substr(digits);
  if (behind.starts_with('.')) {
    const std::size_t size = digits + 1 + run(behind.substr(1), is_digit);
    return take(Symbol::real, size + exponent_size(rest().substr(size)));
  }
  if (const std::size_t exponent = exponent_size(behind); exponent > 0) {
    return take(Symbol::real, digits + exponent);
  }
  const bool is_long = !behind.empty() && (behind.front() | 0x20) == 'l';
  return take(Symbol::integer, digits + (is_long ? 1 : 0));
}

Result<Token> Lexer::quoted() {
  std::size_t stop = at_;
  do {
    stop = text_.find('\'', stop + 1);
    if (stop == std::string_view::npos) {
      return refuse(take(Symbol::end, text_.size() - at_),
                    "this text has no closing quote ' (a quote within is written twice)");
    }
    ++stop;
  } while (stop < text_.size() && text_[stop] == '\'');
  return take(Symbol::text, stop - at_);
}

Result<Token> Lexer::next() {
  SLUICE_CHECK(skip_blanks());
  if (at_ == text_.size()) return take(Symbol::end, 0);
  const char c = text_[at_];
  if (starts_name(c)) {
    const std::size_t size = run(rest(), is_name);
    return take(word_symbol(rest().substr(0, size)), size);
  }
  if (is_digit(c) || (c == '.' && rest().size() > 1 && is_digit(text_[at_ + 1]))) return number();
  if (c == '\'') return quoted();
  for (const Word& sign : kSigns) {
    if (rest().starts_with(sign.text)) return take(sign.symbol, sign.text.size());
  }
  // All bytes of a character outside ASCII, so that the error shows it whole.
  const auto tail = [](char b) { return (static_cast<unsigned char>(b) & 0xC0) == 0x80; };
  const std::size_t size = 1 + run(rest().substr(1), tail);
  return refuse(take(Symbol::end, size),
                "allowed are names of letters, digits, _ and $, numbers, texts in single quotes, "
                "( ) , + - = <> > >= < <= and comments");
}

}  // namespace sluice::delivery::sql
