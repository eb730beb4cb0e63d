#pragma once

#include <cstdint>
#include <string_view>

#include "base/buffer.h"

namespace sluice::wire::json {

/// Appends `text` as the inside of a JSON string.
void append_escaped(Buffer& out, std::string_view text);

void append_number(Buffer& out, std::int64_t value);

}  // namespace sluice::wire::json
