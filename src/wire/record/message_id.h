#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "wire/record/record.h"

namespace sluice::wire::record {

/// The id that says where a message lies: upper-case hex of store address, port (4 bytes) and log
/// position (8), 32 characters for IPv4, 56 for IPv6. Source: common/message/MessageDecoder.java.
std::string message_id(const Host& store_host, LogPosition position);
void append_message_id(std::string& to, const Host& store_host, LogPosition position);

struct MessageIdParts {
  Host store_host;
  LogPosition position;
};
std::optional<MessageIdParts> parse_message_id(std::string_view id);

/// An id no other message has: 32 upper-case hex characters, laid out as Java clients do (address,
/// process, time since the month's first day, counter), so that tools can read a time from it.
/// Thread-safe.
class UniqueIds {
 public:
  UniqueIds(const Host& host, std::int32_t process, std::uint32_t seed);
  std::string next(WallTime now);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sluice::wire::record
