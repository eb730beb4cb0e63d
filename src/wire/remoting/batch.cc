#include "wire/remoting/batch.h"

namespace sluice::wire::remoting {

Result<BatchMessage> BatchReader::next() {
  const auto size = in_.take<std::uint32_t>();
  if (size < 4) return fail(Errc::malformed, "a batch with a message shorter than its head");
  ByteReader message(in_.take_bytes(size - 4));
  message.take<std::int32_t>();  // magic, unused
  message.take<std::int32_t>();  // CRC, unused
  BatchMessage out;
  out.flag = message.take<std::int32_t>();
  out.body = message.take_bytes(message.take<std::uint32_t>());
  out.properties = message.take_text(message.take<std::uint16_t>());
  if (!in_.ok() || !message.ok() || message.left() != 0) {
    return fail(Errc::malformed, "a batch whose messages do not add up to its size");
  }
  return out;
}

void append(Buffer& batch, const BatchMessage& message) {
  const std::size_t size = 5 * sizeof(std::int32_t) + message.body.size() + sizeof(std::uint16_t) +
                           message.properties.size();
  ByteWriter out(batch.reserve(size));
  out.put(static_cast<std::uint32_t>(size));
  out.put(std::int32_t{0});  // magic, unused
  out.put(std::int32_t{0});  // CRC, unused
  out.put(message.flag);
  out.put(static_cast<std::uint32_t>(message.body.size()));
  out.put(message.body);
  out.put(static_cast<std::uint16_t>(message.properties.size()));
  out.put(message.properties);
  batch.commit(size);
}

}  // namespace sluice::wire::remoting
