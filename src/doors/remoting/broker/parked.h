#pragma once

#include "broker/popping.h"
#include "broker/pulling.h"
#include "delivery/waits.h"
#include "doors/remoting/reply.h"

namespace sluice::doors {

class BrokerSession;

/// A request that waits until messages come or its time is over. Owned by its session.
struct Parked : delivery::Wait {
  Parked(BrokerSession& session, ReplyTo to) : session(session), reply_to(to) {}
  Parked(const Parked&) = delete;
  Parked& operator=(const Parked&) = delete;
  virtual ~Parked() = default;
  /// The time is over: answers and destroys it.
  virtual void expire() = 0;
  /// Takes the marks away that make it known to writers; it is not parked any more.
  virtual void unmark() = 0;

  BrokerSession& session;
  ReplyTo reply_to;
  std::size_t index = 0;  ///< in its session
};

/// A pull that waits at its queue's end.
struct ParkedPull final : Parked {
  using Parked::Parked;
  void expire() override;
  void unmark() override;

  broker::PullPlan plan;  ///< its offset moves on over messages that the subscription does not want
  QueueOffset asked;      ///< the offset the client asked for
};

/// A pop, or the question whether a pop would find something, that waits for its group's messages.
struct ParkedPop final : Parked {
  using Parked::Parked;
  void expire() override;
  void unmark() override;

  broker::PopPlan plan;
  bool notification = false;  ///< says that there are messages, takes none
};

}  // namespace sluice::doors
