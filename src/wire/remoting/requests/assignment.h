#pragma once

#include "wire/remoting/requests/groups.h"

/// Requests about who reads which queues when the broker decides it. Their fields are in the
/// bodies, see bodies/assignment.h. Source: apache/rocketmq remoting/protocol/RequestCode.java.
namespace sluice::wire::remoting {

struct QueryAssignment : NoFields {
  static constexpr std::int32_t kCode = 400;
  static constexpr std::string_view kName = "QUERY_ASSIGNMENT";
};
struct SetRequestMode : NoFields {
  static constexpr std::int32_t kCode = 401;
  static constexpr std::string_view kName = "SET_MESSAGE_REQUEST_MODE";
};
struct GetAllRequestModes : NoFields {
  static constexpr std::int32_t kCode = 402;
  static constexpr std::string_view kName = "GET_ALL_MESSAGE_REQUEST_MODE";
};

}  // namespace sluice::wire::remoting
