#pragma once

#include <string_view>

#include "wire/json/quotes.h"
#include "wire/json/text.h"

namespace sluice::wire::json {

/// Walks a JSON text once, without building anything from it: for what comes with every request.
/// Strings are unescaped in place, so the text changes, and views of it last as long as it does.
/// After the first mistake ok() is false and everything taken is empty. Reads what fastjson 1
/// writes, as reader.h does; a key that is an object is no more than skipped over.
class Cursor {
 public:
  static constexpr int kDepthMax = 16;  ///< of what skip() goes into

  Cursor(char* at, char* end) : at_(at), end_(end) {}
  bool ok() const { return ok_; }

  /// Steps over `c` when it comes next.
  bool accept(char c) {
    skip_blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) { return accept(c) || fail(); }
  /// What comes next, or 0 at the end.
  char peek() {
    skip_blanks();
    return at_ == end_ ? '\0' : *at_;
  }
  bool at_end() { return peek() == '\0' && at_ == end_; }

  /// A string without its quotes, unescaped.
  std::string_view string() {
    if (!expect('"')) return {};
    char* const start = at_;
    at_ = plain_end(at_);
    if (at_ != end_ && *at_ == '\\') return escaped(start);
    return close(start, at_);
  }
  /// A string, or the text of a number or word; empty for null.
  std::string_view scalar() { return peek() == '"' ? string() : word(); }
  std::string_view key() { return peek() == '"' ? string() : bare_key(); }
  /// Any value.
  void skip(int depth = 0);

  /// An object: `visit(key)` takes each member's value. Anything else is skipped.
  template <class Visit>
  void members(Visit visit) {
    walk([] { return false; }, visit);
  }
  /// An object of texts: `visit(name, value)` for each member but those that are objects or arrays,
  /// which are skipped. Anything else is skipped.
  template <class Visit>
  void texts(Visit visit) {
    walk([&] { return take_plain_pairs(visit); },
         [&](std::string_view name) {
           if (peek() == '{' || peek() == '[') return skip();
           const std::string_view value = scalar();
           if (ok_) visit(name, value);
         });
  }
  /// An array: `visit()` takes each element. Anything else is skipped.
  template <class Visit>
  void elements(Visit visit) {
    if (peek() != '[') return skip();
    ++at_;
    if (accept(']')) return;
    do {
      visit();
    } while (ok_ && accept(','));
    expect(']');
  }

  bool fail() {
    at_ = end_;
    return ok_ = false;
  }

 private:
  static bool is_blank(char c) {
    return c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
  }
  void skip_blanks() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
  }
  /// The next quote or backslash, or the end.
  char* plain_end(char* from) const {
    return from + quote_or_escape({from, static_cast<std::size_t>(end_ - from)});
  }
  /// The members of an object: as many as `take_some` takes in its own way, else `visit(key)`.
  template <class TakeSome, class Visit>
  void walk(TakeSome take_some, Visit visit) {
    if (peek() != '{') return skip();
    ++at_;
    if (accept('}')) return;
    do {
      if (take_some()) continue;
      const std::string_view name = key();
      expect(':');
      if (ok_) visit(name);
    } while (ok_ && accept(','));
    expect('}');
  }
  /// Pairs as nearly all are written, `"name":"value"` without blanks or escapes, as many as follow
  /// one another: nothing but this loop needs to know where they end, so that stays in registers.
  /// Stops behind a pair; false: the next one is another.
  template <class Visit>
  bool take_plain_pairs(Visit& visit) {
    const char* at = at_;
    Quotes quotes(at, end_);
    bool any = false;
    while (quotes.next() == at && at != end_) {
      const char* const name_end = quotes.next();
      const char* const value = quotes.next();
      const char* const value_end = quotes.next();
      const bool plain = end_ - value_end >= 2 && *at == '"' && *name_end == '"' &&
                         name_end[1] == ':' && value == name_end + 2 && *value == '"' &&
                         *value_end == '"';
      if (!plain) break;
      visit(view(at + 1, name_end), view(value + 1, value_end));
      at_ += value_end + 1 - at_;  // which, unlike `at`, may be written to
      any = true;
      if (*at_ != ',') break;
      at = at_ + 1;
    }
    return any;
  }
  static std::string_view view(const char* from, const char* to) {
    return {from, static_cast<std::size_t>(to - from)};
  }
  std::string_view close(char* start, char* text_end) {
    if (at_ == end_) return fail(), std::string_view{};
    ++at_;
    return {start, static_cast<std::size_t>(text_end - start)};
  }
  std::string_view word();
  std::string_view bare_key();
  /// From the first backslash on: moves the text over its escapes.
  std::string_view escaped(char* start);
  bool unescape(char*& to);
  bool unescape_unicode(char*& to);
  bool hex4(std::uint32_t& value);

  char* at_;
  char* const end_;
  bool ok_ = true;
};

}  // namespace sluice::wire::json
