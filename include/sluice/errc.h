#pragma once

#include <cstdint>

/// Every way in which input, a peer or a disk can make an operation of Sluice fail, in the server,
/// its tools and the client library alike. error.h makes error codes of them.
namespace sluice {

enum class Errc : std::uint16_t {
  invalid_argument,
  invalid_name,
  malformed,
  unsupported,
  not_found,
  already_exists,
  topic_not_found,
  group_not_found,
  queue_out_of_range,
  offset_not_found,
  not_permitted,
  message_illegal,
  message_too_large,
  subscription_not_found,
  subscription_stale,
  subscription_malformed,
  disabled,
  consumer_not_online,
  busy,
  timed_out,
  closed,
  disk_full,
  io_error,
  corrupt,
  in_use,
  internal,
};

}  // namespace sluice
