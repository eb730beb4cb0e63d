#include "wire/http.h"

#include <fmt/format.h>

namespace sluice::wire {

Result<std::string_view> http_body(std::string_view response) {
  const std::size_t blank = response.find(' ');
  const std::size_t head = response.find("\r\n\r\n");
  if (!response.starts_with("HTTP/") || blank > head || head == std::string_view::npos) {
    return fail(Errc::malformed, "the answer is not HTTP");
  }
  const std::string_view status = response.substr(blank + 1, 3);
  if (status != "200") {
    return fail(Errc::not_found, fmt::format("the answer has HTTP status {}", status));
  }
  return response.substr(head + 4);
}

}  // namespace sluice::wire
