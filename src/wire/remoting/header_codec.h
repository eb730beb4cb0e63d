#pragma once

// Inside remoting only: the two forms of a header.

#include <string>

#include "wire/remoting/command.h"

namespace sluice::wire::remoting {

/// JSON, leniently, as old and foreign clients write it: any key order, unknown keys, numbers where
/// texts are usual and the reverse, blanks, a missing field. Unescapes in place.
Result<void> decode_json_header(MutableBytes header, Command& command);

/// RocketMQ's binary form (RocketMQSerializable.java).
Result<void> decode_binary_header(Bytes header, Command& command);

Language language_of(std::string_view name);
Language language_of(std::int64_t ordinal);

}  // namespace sluice::wire::remoting
