// Bodies that clients send, batches of messages, JSON, heartbeats, compressed bytes, filter
// expressions; and what brokers tell clients, receipts of popped messages and tables of offsets.
// All must be refused or read, without a byte past the input and without memory that the input only
// claims.

#include <string_view>
#include <vector>

#include "base/assert.h"
#include "delivery/subscription.h"
#include "wire/compression.h"
#include "wire/json/reader.h"
#include "wire/remoting/batch.h"
#include "wire/remoting/bodies/batch_ack.h"
#include "wire/remoting/bodies/heartbeat.h"
#include "wire/remoting/bodies/running_info.h"
#include "wire/remoting/pop_receipt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> input(size);
  for (std::size_t i = 0; i < size; ++i) input[i] = std::byte{data[i]};
  const std::string_view text(reinterpret_cast<const char*>(input.data()), size);

  std::size_t total = 0;
  sluice::wire::remoting::BatchReader batch(input);
  while (!batch.done()) {
    const auto message = batch.next();
    if (!message) break;
    total += message->body.size() + message->properties.size();
  }
  SLUICE_ASSERT(total <= size);

  static_cast<void>(sluice::wire::json::parse(text));
  static_cast<void>(sluice::wire::remoting::HeartbeatBody::decode(input));
  static_cast<void>(sluice::wire::remoting::decode_batch_ack(input));
  static_cast<void>(sluice::wire::remoting::read_offset_table(input, "offsetTable"));
  static_cast<void>(sluice::wire::remoting::parse_receipt(text));
  static_cast<void>(sluice::wire::remoting::parse_starts(text));
  static_cast<void>(sluice::wire::remoting::attempts_of(text, 1, 1));
  constexpr std::size_t kLimit = 1 << 16;
  for (const std::int32_t type : {0x000, 0x100, 0x200}) {
    if (const auto plain = sluice::wire::decompress(type, input, kLimit)) {
      SLUICE_ASSERT(plain->bytes().size() <= kLimit);
    }
  }
  static_cast<void>(sluice::delivery::parse_subscription("topic", text, "TAG", 1));
  return 0;
}
