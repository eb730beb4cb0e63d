#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <sluice/errc.h>

/// Every way in which input, a peer or a disk can make an operation fail. One table (errc.cc) gives
/// each its name, its text, whether trying again can help, and the code its protocols use for it.
namespace sluice {

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
