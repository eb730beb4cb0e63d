// What may lie in a damaged log or come in an answer to a pull: scanning must say record, blank,
// end or damage, and what it calls a record must lie within the input, with its properties.

#include <vector>

#include "base/assert.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"

using sluice::wire::record::CrcCheck;
using sluice::wire::record::Scan;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> input(size);
  for (std::size_t i = 0; i < size; ++i) input[i] = std::byte{data[i]};
  for (const CrcCheck check : {CrcCheck::skip, CrcCheck::verify}) {
    const Scan found = scan(input, check);
    if (found.kind != Scan::Kind::record) continue;
    SLUICE_ASSERT(found.record.size > 0 && std::cmp_less_equal(found.record.size, size));
    for (sluice::wire::record::PropertyCursor pair(found.record.message.properties); pair.next();) {
      SLUICE_ASSERT(pair.name().size() + pair.value().size() <= size);
    }
  }
  return 0;
}
