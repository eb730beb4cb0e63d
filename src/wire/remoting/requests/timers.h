#pragma once

#include "wire/remoting/fields.h"

/// Requests about timed messages that wait; RECALL_MESSAGE is in send.h.
namespace sluice::wire::remoting {

/// Sluice's own, as RocketMQ has no request for it: what waits, by when it is due. Answered with a
/// JSON object, see timer_handlers.cc. Other brokers refuse the code.
struct ListTimedMessages {
  static constexpr std::int32_t kCode = 730'002;
  static constexpr std::string_view kName = "SLUICE_LIST_TIMED_MESSAGES";
  std::string_view topic;          ///< empty: of all topics
  std::int64_t from_ms = 0;        ///< due at that time or later
  std::int64_t from_position = 0;  ///< with the former: where the page before ended
  std::int32_t max = 100;          ///< 1 to 1,000
  using Wire = Fields<Optional<"topic", &ListTimedMessages::topic>,
                      Optional<"from", &ListTimedMessages::from_ms>,
                      Optional<"fromPosition", &ListTimedMessages::from_position>,
                      Optional<"max", &ListTimedMessages::max>>;
};

}  // namespace sluice::wire::remoting
