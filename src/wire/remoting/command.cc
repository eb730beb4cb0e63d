#include "wire/remoting/command.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "wire/json/text.h"
#include "wire/remoting/header_codec.h"

namespace sluice::wire::remoting {
namespace {

constexpr std::array<std::string_view, 14> kLanguages{
    "JAVA",  "CPP",  "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY",
    "OTHER", "HTTP", "GO",     "PHP",    "OMS",    "RUST",   "NODE_JS"};

constexpr std::size_t kPreambleBytes = 8;  // length, kind and header length
constexpr std::int32_t kBinaryCodeMax = 32767;

HeaderKind kind_for(const FrameWriter::Head& head) {
  return head.code > kBinaryCodeMax ? HeaderKind::json : head.kind;
}

template <std::integral T>
void append_be(Buffer& out, T value) {
  store_be(out.reserve(sizeof value), value);
  out.commit(sizeof value);
}

}  // namespace

std::string_view language_name(Language language) {
  return kLanguages[static_cast<std::size_t>(language)];
}

Language language_of(std::string_view name) {
  for (std::size_t i = 0; i < kLanguages.size(); ++i) {
    if (kLanguages[i] == name) return static_cast<Language>(i);
  }
  return Language::other;
}

Language language_of(std::int64_t ordinal) {
  const bool known = ordinal >= 0 && ordinal < static_cast<std::int64_t>(kLanguages.size());
  return known ? static_cast<Language>(ordinal) : Language::other;
}

void Command::clear() {
  kind = HeaderKind::json;
  code = version = opaque = flag = 0;
  language = Language::other;
  remark = {};
  ext.clear();
  body = {};
}

Result<std::size_t> frame_size(Bytes bytes) {
  if (bytes.size() < 4) return 0;
  const auto length = load_be<std::int32_t>(bytes.data());
  const std::int64_t total = std::int64_t{length} + 4;
  if (length < 4 || total > static_cast<std::int64_t>(kFrameBytesMax)) {
    return fail(Errc::malformed, fmt::format("a frame length of {} bytes; 4 to {} are allowed",
                                             length, kFrameBytesMax - 4));
  }
  return static_cast<std::size_t>(total);
}

Result<void> decode(MutableBytes frame, Command& command) {
  if (frame.size() < kPreambleBytes)
    return fail(Errc::malformed, "a frame without a header length");
  command.clear();
  const auto mark = load_be<std::uint32_t>(frame.data() + 4);
  const std::size_t header_bytes = mark & 0xffffff;
  if (header_bytes > frame.size() - kPreambleBytes) {
    return fail(Errc::malformed, "a header that is longer than its frame");
  }
  const MutableBytes header = frame.subspan(kPreambleBytes, header_bytes);
  command.body = frame.subspan(kPreambleBytes + header_bytes);
  const std::uint32_t kind = mark >> 24;
  command.kind = static_cast<HeaderKind>(kind);
  if (kind == 0) return decode_json_header(header, command);
  if (kind == 1) return decode_binary_header(header, command);
  return fail(Errc::malformed,
              fmt::format("a header of kind {}; 0 (JSON) or 1 (binary) are known", kind));
}

FrameWriter::FrameWriter(Buffer& out, const Head& head)
    : out_(out), head_(head), start_(out.size()) {
  head_.kind = kind_for(head);
  out_.reserve(kPreambleBytes);
  out_.commit(kPreambleBytes);
  if (head_.kind == HeaderKind::json) {
    out_.append("{\"code\":");
    json::append_number(out_, head_.code);
    out_.append(",\"extFields\":");
    ext_at_ = out_.size();
    return;
  }
  append_be(out_, static_cast<std::int16_t>(head_.code));
  append_be(out_, static_cast<std::int8_t>(head_.language));
  append_be(out_, static_cast<std::int16_t>(kVersion));
  append_be(out_, head_.opaque);
  append_be(out_, head_.flag);
  append_be(out_, static_cast<std::int32_t>(head_.remark.size()));
  out_.append(head_.remark);
  ext_at_ = out_.size();
  append_be(out_, std::int32_t{0});
}

void FrameWriter::field(std::string_view name, std::string_view value) {
  if (head_.kind == HeaderKind::binary) return binary_field(name, value);
  out_.append(",\"");
  json::append_text(out_, name);
  out_.append("\":\"");
  json::append_text(out_, value);
  out_.append('"');
}

void FrameWriter::binary_field(std::string_view name, std::string_view value) {
  append_be(out_, static_cast<std::int16_t>(name.size()));
  out_.append(name);
  append_be(out_, static_cast<std::int32_t>(value.size()));
  out_.append(value);
}

void FrameWriter::finish(std::size_t body_bytes) {
  if (head_.kind == HeaderKind::json) {
    if (out_.size() == ext_at_) out_.append(',');
    out_.data()[ext_at_] = std::byte{'{'};  // where the first field has its comma
    out_.append("},\"flag\":");
    json::append_number(out_, head_.flag);
    out_.append(",\"language\":\"");
    out_.append(language_name(head_.language));
    out_.append("\",\"opaque\":");
    json::append_number(out_, head_.opaque);
    if (!head_.remark.empty()) {
      out_.append(",\"remark\":\"");
      json::append_escaped(out_, head_.remark);
      out_.append('"');
    }
    out_.append(",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":");
    json::append_number(out_, kVersion);
    out_.append('}');
  } else {
    const std::size_t ext_bytes = out_.size() - ext_at_ - 4;
    store_be(out_.data() + ext_at_, static_cast<std::int32_t>(ext_bytes));
  }
  const std::size_t header_bytes = out_.size() - start_ - kPreambleBytes;
  std::byte* const at = out_.data() + start_;
  store_be(at, static_cast<std::int32_t>(4 + header_bytes + body_bytes));
  const std::uint32_t kind = head_.kind == HeaderKind::json ? 0 : 1;
  store_be(at + 4, static_cast<std::uint32_t>(kind << 24 | header_bytes));
}

}  // namespace sluice::wire::remoting
