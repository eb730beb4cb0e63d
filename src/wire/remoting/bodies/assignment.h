#pragma once

#include "wire/remoting/bodies/common.h"

/// Bodies of QUERY_ASSIGNMENT and SET_MESSAGE_REQUEST_MODE.
namespace sluice::wire::remoting {

/// A member asks for its queues of a topic.
/// Source: remoting/protocol/body/QueryAssignmentRequestBody.java.
struct AssignmentRequest {
  std::string topic, group, client_id, strategy;
  bool broadcasting = false;
  static Result<AssignmentRequest> decode(Bytes body);
};

/// Source: remoting/protocol/body/SetMessageRequestModeRequestBody.java.
struct RequestModeBody {
  std::string topic, group;
  std::string mode = "PULL";  ///< or POP
  std::int32_t pop_share_queues = 0;
  static Result<RequestModeBody> decode(Bytes body);
};
void write(json::Writer& out, const RequestModeBody& body);

/// One queue of the answer to a member. Source: common/message/MessageQueueAssignment.java.
void write_assignment(json::Writer& out, std::string_view topic, std::string_view broker_name,
                      std::int32_t queue_id, std::string_view mode);

}  // namespace sluice::wire::remoting
