#pragma once

#include <string_view>

#include "base/result.h"

/// As much of HTTP as asking an address server for name servers needs.
namespace sluice::wire {

/// The body of a response that has arrived as a whole, within it. Errors: malformed; not_found: any
/// status but 200.
Result<std::string_view> http_body(std::string_view response);

}  // namespace sluice::wire
