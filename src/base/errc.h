#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// Every way in which input, a peer or a disk can make an operation fail. One table (errc.cc) gives
/// each its name, its text, whether trying again can help, and the code its protocols use for it.
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

struct ErrcRow {
  Errc code;
  std::string_view name;  ///< stable, for logs and scripts
  std::string_view text;  ///< what it means, as a sentence without a full stop
  int remoting_code;      ///< RocketMQ ResponseCode
  bool retryable;         ///< the same request may succeed later, unchanged
};

/// All rows, in the order of the enumerators.
std::span<const ErrcRow> errc_rows();

const ErrcRow& errc_row(Errc code);

}  // namespace sluice
