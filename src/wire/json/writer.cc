#include "wire/json/writer.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "wire/json/text.h"

namespace sluice::wire::json {

void Writer::comma() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_[depth_]) out_.append(',');
  first_[depth_] = false;
}

Writer& Writer::open(char begin, char end) {
  SLUICE_ASSERT(depth_ < kDepthMax);
  comma();
  out_.append(begin);
  closing_[depth_++] = end;
  first_[depth_] = true;
  return *this;
}

Writer& Writer::end() {
  SLUICE_ASSERT(depth_ > 0);
  out_.append(closing_[--depth_]);
  return *this;
}

Writer& Writer::key(std::string_view name) {
  value(name);
  return colon();
}

Writer& Writer::bare_key(std::int64_t number) {
  value(number);
  return colon();
}

Writer& Writer::colon() {
  out_.append(':');
  after_key_ = true;
  return *this;
}

Writer& Writer::value(std::string_view text) {
  comma();
  out_.append('"');
  append_escaped(out_, text);
  out_.append('"');
  return *this;
}

Writer& Writer::value(std::int64_t number) {
  comma();
  append_number(out_, number);
  return *this;
}

Writer& Writer::value(double number) { return raw(fmt::format("{}", number)); }

Writer& Writer::raw(std::string_view json) {
  comma();
  out_.append(json);
  return *this;
}

}  // namespace sluice::wire::json
