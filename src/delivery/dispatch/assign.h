#pragma once

#include "delivery/dispatch/hand_out.h"
#include "delivery/dispatch/matrix.h"
#include "delivery/dispatch/outstanding.h"
#include "delivery/dispatch/roster.h"

/// Choosing the member that gets a message, by the cell's row.
namespace sluice::delivery {

class CellAssigner final : public Assigner {
 public:
  struct Scene {
    Receiver receiver;
    Order order;
    MemberId active = kNobody;  ///< whom Receiver::active means
    MemberId only = kNobody;    ///< nobody else has room: the asker of a pop or pull
  };
  CellAssigner(const Scene& scene, Roster& roster, const Outstanding& out, const QueueView& view)
      : scene_(scene), roster_(roster), out_(out), view_(view) {}

  Choice choose(const Entry& entry) override;
  void took(MemberId member) override { roster_.took(member); }
  std::uint32_t slot(const Entry& entry) const override;

 private:
  using Rule = Choice (CellAssigner::*)(const Entry&) const;
  static Rule rule(Receiver receiver);
  Choice to_active(const Entry& entry) const;
  Choice in_turn(const Entry& entry) const;
  Choice by_key(const Entry& entry) const;
  bool has_room(const RosterMember& member) const;
  bool anybody_has_room() const;

  Scene scene_;
  Roster& roster_;
  const Outstanding& out_;
  const QueueView& view_;
};

}  // namespace sluice::delivery
