#include "wire/remoting/header_codec.h"

namespace sluice::wire::remoting {
namespace {

std::unexpected<Error> malformed(const char* what) {
  return fail(Errc::malformed, std::string("the binary header ") + what);
}

Result<void> take_ext(Bytes bytes, ExtFields& ext) {
  ByteReader in(bytes);
  while (in.left() > 0) {
    const std::string_view name = in.take_text(in.take<std::uint16_t>());
    const std::string_view value = in.take_text(in.take<std::uint32_t>());
    if (!in.ok()) return malformed("has extFields that run past their end");
    if (!ext.add(name, value)) return malformed("has more than 64 extFields");
  }
  return {};
}

}  // namespace

Result<void> decode_binary_header(Bytes header, Command& command) {
  ByteReader in(header);
  command.code = in.take<std::int16_t>();
  command.language = language_of(std::int64_t{in.take<std::int8_t>()});
  command.version = in.take<std::int16_t>();
  command.opaque = in.take<std::int32_t>();
  command.flag = in.take<std::int32_t>();
  command.remark = in.take_text(in.take<std::uint32_t>());
  const Bytes ext = in.take_bytes(in.take<std::uint32_t>());
  if (!in.ok()) return malformed("is shorter than its parts say");
  return take_ext(ext, command.ext);
}

}  // namespace sluice::wire::remoting
