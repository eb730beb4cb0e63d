// What an address server may answer: the body lies within the response, or it is refused.

#include <string_view>

#include "base/assert.h"
#include "wire/http.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view response(reinterpret_cast<const char*>(data), size);
  const auto body = sluice::wire::http_body(response);
  if (!body) return 0;
  SLUICE_ASSERT(body->size() < size);
  SLUICE_ASSERT(response.ends_with(*body));
  return 0;
}
