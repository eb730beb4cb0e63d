#include "delivery/dispatch/roster.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/murmur3.h"

namespace sluice::delivery {
namespace {

auto place(const RosterMember& member) {
  return std::tie(member.about.priority, member.about.name, member.about.id);
}

/// Consistent hashing of the names: few topics change their active member when members change.
MemberId pick_on_ring(std::span<const RosterMember> best, std::uint32_t hash) {
  constexpr int kPointsPerMember = 100;
  std::map<std::uint32_t, MemberId> ring;
  for (const RosterMember& member : best) {
    for (int point = 0; point < kPointsPerMember; ++point) {
      ring.emplace(murmur3_32(fmt::format("{}{}", member.about.name, point)), member.about.id);
    }
  }
  const auto at = ring.lower_bound(hash);
  return at != ring.end() ? at->second : ring.begin()->second;
}

}  // namespace

Result<void> Roster::add(const Joining& about, bool keys) {
  if (find(about.id) != nullptr) {
    return fail(Errc::already_exists,
                fmt::format("member {} ('{}') has joined already", about.id, about.name));
  }
  if (keys) SLUICE_CHECK(ranges_.add({about.id, about.name, about.ranges}));
  const RosterMember member{about};
  const auto at = std::ranges::upper_bound(members_, place(member), {}, place);
  members_.insert(at, member);
  return {};
}

void Roster::remove(MemberId id) {
  ranges_.remove(id);
  std::erase_if(members_, [&](const RosterMember& member) { return member.about.id == id; });
}

RosterMember* Roster::find(MemberId id) {
  const auto at = std::ranges::find(members_, id, [](const auto& one) { return one.about.id; });
  return at == members_.end() ? nullptr : &*at;
}

const RosterMember* Roster::find(MemberId id) const {
  const auto at = std::ranges::find(members_, id, [](const auto& one) { return one.about.id; });
  return at == members_.end() ? nullptr : &*at;
}

MemberId Roster::choose_active() const {
  if (members_.empty()) return kNobody;
  const auto worse = std::ranges::upper_bound(members_, members_.front().about.priority, {},
                                              [](const auto& one) { return one.about.priority; });
  const std::span best(members_.begin(), worse);
  if (choice_.by_ring) return pick_on_ring(best, choice_.number);
  return best[choice_.number % best.size()].about.id;
}

std::size_t Roster::turn_start(std::size_t first, std::size_t last) const {
  for (std::size_t i = first; i < last; ++i) {
    if (members_[i].about.id == turn_) return i - first + (turn_used_ >= kTurn ? 1 : 0);
  }
  return 0;
}

void Roster::took(MemberId id) {
  if (RosterMember* member = find(id)) --member->permits;
  if (id != turn_) turn_used_ = 0;
  turn_ = id;
  if (++turn_used_ > kTurn) turn_used_ = 1;
}

}  // namespace sluice::delivery
