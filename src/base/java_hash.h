#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

/// Java's String.hashCode() of a text given as UTF-8: computed over its UTF-16 units, with int
/// overflow. RocketMQ keeps it of a message's tag in the queue index. Broken UTF-8 counts as U+FFFD
/// per bad byte, as Java's decoder has it in the common cases.
std::int32_t java_hash(std::string_view utf8);

}  // namespace sluice
