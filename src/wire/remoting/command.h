#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/result.h"
#include "wire/json/text.h"

/// RocketMQ remoting frames: 4 bytes length, 1 byte header kind, 3 bytes header length, header,
/// body.
///
/// Source: apache/rocketmq remoting/protocol/RemotingCommand.java, RocketMQSerializable.java,
/// netty/NettyDecoder.java. Pure; nothing here allocates but error remarks and a growing output
/// buffer.
namespace sluice::wire::remoting {

inline constexpr std::size_t kFrameBytesMax = 16 << 20;  ///< the four length bytes included
inline constexpr std::int32_t kVersion = 493;            ///< V5_4_0, what we say we are
inline constexpr std::size_t kExtFieldsMax = 64;

enum class HeaderKind : std::uint8_t { json = 0, binary = 1 };

enum class Language : std::uint8_t {
  java,
  cpp,
  dotnet,
  python,
  delphi,
  erlang,
  ruby,
  other,
  http,
  go,
  php,
  oms,
  rust,
  node_js
};
std::string_view language_name(Language language);

inline constexpr std::int32_t kFlagResponse = 1;
inline constexpr std::int32_t kFlagOneway = 2;

struct ExtField {
  std::string_view name;
  std::string_view value;
};

/// The header's named values, in the order of the wire. A name that comes twice counts by its last
/// value.
class ExtFields {
 public:
  ExtFields() {}  // NOLINT: `= default` would zero the table wherever `{}` makes one
  void clear() { count_ = 0; }
  bool add(std::string_view name, std::string_view value) {
    if (count_ == fields_.size()) return false;
    fields_[count_++] = {name, value};
    return true;
  }
  /// Empty when absent; the last of that name.
  std::string_view get(std::string_view name) const {
    for (std::size_t i = count_; i > 0; --i) {
      if (fields_[i - 1].name == name) return fields_[i - 1].value;
    }
    return {};
  }
  const ExtField* begin() const { return fields_.data(); }
  const ExtField* end() const { return fields_.data() + count_; }
  std::size_t size() const { return count_; }

 private:
  std::array<ExtField, kExtFieldsMax> fields_;  // not initialised: count_ says how many are
  std::size_t count_ = 0;
};

/// A decoded frame. Views into the frame's bytes.
struct Command {
  HeaderKind kind = HeaderKind::json;
  std::int32_t code = 0;
  Language language = Language::other;
  std::int32_t version = 0;
  std::int32_t opaque = 0;
  std::int32_t flag = 0;
  std::string_view remark;
  ExtFields ext;
  Bytes body;

  /// As a new one; the fields' memory is not touched.
  void clear();
  bool is_response() const { return (flag & kFlagResponse) != 0; }
  bool is_oneway() const { return (flag & kFlagOneway) != 0; }
};

/// Size of the frame that starts `bytes`, the length field included; 0 while fewer than four bytes
/// are there. Errors: malformed (length below 4 or above kFrameBytesMax): the connection cannot be
/// used any further.
Result<std::size_t> frame_size(Bytes bytes);

/// Decodes one whole frame into `command`. JSON strings with escapes are unescaped in place, hence
/// the mutable bytes. Errors: malformed (the remark says which part): the connection cannot be used
/// any further.
Result<void> decode(MutableBytes frame, Command& command);

/// A name of a field that is known when compiling: also as it stands in a JSON header, which has no
/// need to look for escapes in it again.
struct FieldKey {
  std::string_view name;
  std::string_view json;  ///< `,"name":"`
};

/// Writes one frame: construct, add fields, finish; then the caller sends `body_bytes` bytes after
/// it.
class FrameWriter {
 public:
  struct Head {
    HeaderKind kind = HeaderKind::json;
    std::int32_t code = 0;
    std::int32_t opaque = 0;
    std::int32_t flag = 0;
    std::string_view remark;  ///< left out when empty
    Language language = Language::cpp;
  };
  /// Codes above 32767 (the POP family) do not fit a binary header and are written as JSON.
  FrameWriter(Buffer& out, const Head& head);
  void field(std::string_view name, std::string_view value);
  void field(const FieldKey& key, std::string_view value) {
    if (head_.kind == HeaderKind::binary) return binary_field(key.name, value);
    out_.append(key.json);
    json::append_text(out_, value);
    out_.append('"');
  }
  /// `key` as above. A template, so that a `const char*` value does not turn into a bool.
  template <class Key>
  void field(const Key& key, std::same_as<bool> auto value) {
    field(key, value ? std::string_view("true") : std::string_view("false"));
  }
  template <class Key>
  void field(const Key& key, std::same_as<std::int64_t> auto value) {
    char text[20];
    const char* const end = std::to_chars(text, text + sizeof text, value).ptr;
    field(key, std::string_view(text, static_cast<std::size_t>(end - text)));
  }
  void finish(std::size_t body_bytes = 0);

 private:
  void binary_field(std::string_view name, std::string_view value);

  Buffer& out_;
  Head head_;
  std::size_t start_;
  std::size_t ext_at_ = 0;  // of the fields' length, or of their opening brace
};

}  // namespace sluice::wire::remoting
