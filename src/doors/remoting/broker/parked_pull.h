#pragma once

#include "broker/pulling.h"
#include "delivery/waits.h"
#include "doors/remoting/reply.h"

namespace sluice::doors {

class BrokerSession;

/// A pull that waits at its queue's end. Owned by its session.
struct ParkedPull : delivery::Wait {
  BrokerSession* session = nullptr;
  ReplyTo reply_to;
  broker::PullPlan plan;  ///< its offset moves on over messages that the subscription does not want
  QueueOffset asked;      ///< the offset the client asked for
  std::size_t index = 0;  ///< in its session
};

}  // namespace sluice::doors
