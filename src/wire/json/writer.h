#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"

namespace sluice::wire::json {

/// Writes compact JSON in the dialect that RocketMQ's clients and tools read: keys may be bare
/// numbers or whole objects. The caller nests begin and end; commas come by themselves.
///
///   Writer out(buffer);
///   out.begin_object().key("table").begin_object().bare_key(0).value("10.0.0.1:10911").end().end();
class Writer {
 public:
  explicit Writer(Buffer& out) : out_(out) {}

  Writer& begin_object() { return open('{', '}'); }
  Writer& begin_array() { return open('[', ']'); }
  /// Closes what was opened last.
  Writer& end();

  Writer& key(std::string_view name);
  Writer& bare_key(std::int64_t number);
  /// After an object that serves as a key: begin_object() … end(), colon(), then the value.
  Writer& colon();

  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(std::int64_t number);
  Writer& value(std::int32_t number) { return value(std::int64_t{number}); }
  Writer& value(std::uint64_t number) { return value(static_cast<std::int64_t>(number)); }
  Writer& value(bool truth) { return raw(truth ? "true" : "false"); }
  Writer& value(double number);
  /// JSON that is ready.
  Writer& raw(std::string_view json);

  template <class T>
  Writer& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }

 private:
  static constexpr int kDepthMax = 16;
  Writer& open(char begin, char end);
  void comma();

  Buffer& out_;
  int depth_ = 0;
  char closing_[kDepthMax];
  bool first_[kDepthMax + 1] = {true};
  bool after_key_ = false;
};

}  // namespace sluice::wire::json
