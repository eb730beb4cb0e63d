#include "wire/json/reader.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/numbers.h"
#include "wire/json/cursor.h"

namespace sluice::wire::json {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Value> whole() {
    Value value = any(0);
    skip_blanks();
    if (ok_ && at_ != text_.size()) stop();
    if (!ok_) return fail(Errc::malformed, fmt::format("not JSON at byte {}", stopped_at_));
    return value;
  }

 private:
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void skip_blanks() {
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
  }
  char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) stop();
  }
  void stop() {
    if (ok_) stopped_at_ = at_;
    ok_ = false;
    at_ = text_.size();
  }

  Value any(int depth) {
    if (depth > kDepthMax) return stop(), Value();
    switch (peek()) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return string();
      default: return word();
    }
  }

  Value object(int depth) {
    Value out = Value::object();
    expect('{');
    if (accept('}')) return out;
    do {
      std::string name = key(depth);
      expect(':');
      Value value = any(depth + 1);
      if (ok_) out[std::move(name)] = std::move(value);
    } while (ok_ && accept(','));
    expect('}');
    return out;
  }

  Value array(int depth) {
    Value out = Value::array();
    expect('[');
    if (accept(']')) return out;
    do {
      Value value = any(depth + 1);
      if (ok_) out.push_back(std::move(value));
    } while (ok_ && accept(','));
    expect(']');
    return out;
  }

  std::string key(int depth) {
    const char c = peek();
    if (c == '"') return string();
    const std::size_t start = at_;
    if (c == '{') {
      object(depth + 1);
    } else {
      while (at_ < text_.size() && text_[at_] != ':' && !blank(text_[at_])) ++at_;
      if (at_ == start) stop();
    }
    return ok_ ? std::string(text_.substr(start, at_ - start)) : std::string();
  }

  /// Of any bytes: a text that is none in UTF-8 is no reason to refuse all that lies around it.
  std::string string() {
    const std::size_t start = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return stop(), std::string();
    ++at_;
    const std::string_view quoted = text_.substr(start, at_ - start);
    if (quoted.find('\\') == quoted.npos) return std::string(quoted.substr(1, quoted.size() - 2));
    std::string copy(quoted);
    Cursor cursor(copy.data(), copy.data() + copy.size());
    const std::string_view unescaped = cursor.string();
    if (!cursor.ok()) return stop(), std::string();
    return std::string(unescaped);
  }

  Value word() {
    const std::size_t start = at_;
    while (at_ < text_.size() && !blank(text_[at_]) &&
           std::string_view(",]}:{[\"").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    const std::string_view word = text_.substr(start, at_ - start);
    if (word == "null") return Value();
    if (word == "true") return Value(true);
    if (word == "false") return Value(false);
    if (const auto number = parse_number<std::int64_t>(word)) return Value(*number);
    double real = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), real);
    if (error != std::errc() || end != word.data() + word.size() || word.empty()) stop();
    return Value(real);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t stopped_at_ = 0;
  bool ok_ = true;
};

const Value* member(const Value& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const Value& member_of(const Value& object, const char* key, const Value& fallback) {
  const Value* const found = member(object, key);
  return found && found->type() == fallback.type() ? *found : fallback;
}

}  // namespace

Result<Value> parse(std::string_view text) { return Parser(text).whole(); }

std::int64_t integer(const Value& object, const char* key, std::int64_t fallback) {
  const Value* const found = member(object, key);
  if (!found) return fallback;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  if (!found->is_string()) return fallback;
  return parse_number<std::int64_t>(found->get_ref<const std::string&>()).value_or(fallback);
}

bool boolean(const Value& object, const char* key, bool fallback) {
  const Value* const found = member(object, key);
  if (!found) return fallback;
  if (found->is_boolean()) return found->get<bool>();
  return found->is_string() ? found->get_ref<const std::string&>() == "true" : fallback;
}

std::string text(const Value& object, const char* key, std::string_view fallback) {
  const Value* const found = member(object, key);
  if (!found) return std::string(fallback);
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_integer()) return std::to_string(found->get<std::int64_t>());
  return std::string(fallback);
}

const Value& array(const Value& object, const char* key) {
  static const Value none = Value::array();
  return member_of(object, key, none);
}

const Value& object(const Value& object, const char* key) {
  static const Value none = Value::object();
  return member_of(object, key, none);
}

}  // namespace sluice::wire::json
