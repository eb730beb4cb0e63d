#include "delivery/dispatch/assign.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::delivery {

using Kind = Choice::Kind;

CellAssigner::Rule CellAssigner::rule(Receiver receiver) {
  static constexpr std::array<Rule, 3> kRules{&CellAssigner::to_active, &CellAssigner::in_turn,
                                              &CellAssigner::by_key};
  return kRules[std::to_underlying(receiver)];
}

Choice CellAssigner::choose(const Entry& entry) { return (this->*rule(scene_.receiver))(entry); }

std::uint32_t CellAssigner::slot(const Entry& entry) const {
  if (scene_.order != Order::key) return 0;
  return entry.not_before == WallTime{} ? roster_.ranges().slot(entry.key)
                                        : Outstanding::kUnordered;
}

bool CellAssigner::has_room(const RosterMember& member) const {
  const MemberId id = member.about.id;
  return (scene_.only == kNobody || scene_.only == id) && member.permits > 0 &&
         out_.held(id) < member.about.held_max;
}

bool CellAssigner::anybody_has_room() const {
  return std::ranges::any_of(roster_.members(), [&](const auto& one) { return has_room(one); });
}

Choice CellAssigner::to_active(const Entry& entry) const {
  const RosterMember* active = std::as_const(roster_).find(scene_.active);
  if (active == nullptr || !has_room(*active)) return {Kind::stop};
  if (!view_.wanted_by(scene_.active, entry)) return {Kind::finish};
  return {Kind::give, scene_.active};
}

Choice CellAssigner::in_turn(const Entry& entry) const {
  const MemberId next = roster_.in_turn([&](const RosterMember& member) {
    return has_room(member) && view_.wanted_by(member.about.id, entry);
  });
  if (next != kNobody) return {Kind::give, next};
  if (!anybody_has_room()) return {Kind::stop};
  // Somebody else has room, so the message must not be in the way of what that one wants.
  const bool wanted = std::ranges::any_of(roster_.members(), [&](const RosterMember& member) {
    return view_.wanted_by(member.about.id, entry);
  });
  return {wanted ? Kind::leave : Kind::finish};
}

Choice CellAssigner::by_key(const Entry& entry) const {
  if (!anybody_has_room()) return {Kind::stop};
  const auto owner = roster_.ranges().owner(roster_.ranges().slot(entry.key));
  const RosterMember* member = owner ? std::as_const(roster_).find(*owner) : nullptr;
  if (member == nullptr) return {Kind::leave};
  if (!view_.wanted_by(*owner, entry)) return {Kind::finish};
  return {has_room(*member) ? Kind::give : Kind::leave, *owner};
}

}  // namespace sluice::delivery
