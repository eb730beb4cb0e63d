#include "wire/record/message_id.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"

/// Bytes of a log: a record that is accepted lies within them, and its properties can be walked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::wire::record;
  const auto bytes = std::as_bytes(std::span(data, size));
  const Scan got = scan(bytes, CrcCheck::skip);
  if (got.kind == Scan::Kind::record) {
    if (got.record.size > static_cast<std::int32_t>(size)) __builtin_trap();
    for (PropertyCursor pair(got.record.message.properties); pair.next();) {
    }
  }
  static_cast<void>(parse_message_id(sluice::as_text(bytes)));
  return 0;
}
