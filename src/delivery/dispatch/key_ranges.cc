#include "delivery/dispatch/key_ranges.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "base/murmur3.h"

namespace sluice::delivery {
namespace {

constexpr int kPointsPerMember = 100;
constexpr std::uint32_t kLastSlot = KeyRanges::kSlots - 1;
constexpr std::uint32_t kHashMask = 0x7fff'ffff;

/// The ring leaves out slot 0 by counting from 1; ranges put what falls on 0 to 1.
std::uint32_t ring_slot(std::uint32_t hash) { return (hash & kHashMask) % kLastSlot + 1; }
std::uint32_t range_slot(std::uint32_t hash) {
  return std::max((hash & kHashMask) % KeyRanges::kSlots, 1U);
}

/// `twin` numbers members of the same name.
std::uint32_t ring_point(std::string_view name, std::size_t twin, int point) {
  const std::array<char, 1> nul{};
  const std::string_view separator(nul.data(), nul.size());
  return ring_slot(murmur3_32(fmt::format("{}{}{}{}{}", name, separator, twin, separator, point)));
}

}  // namespace

std::uint32_t KeyRanges::slot(std::uint32_t key) const {
  return kind_ == Kind::ring ? ring_slot(key) : range_slot(key);
}

Result<void> KeyRanges::add(const Claim& claim) {
  if (kind_ == Kind::sticky) return stick(claim);
  if (kind_ == Kind::split) {
    split_for(claim.member);
    return {};
  }
  claims_.push_back(claim);
  draw_ring();
  return {};
}

void KeyRanges::remove(MemberId member) {
  if (kind_ == Kind::split) return merge(member);
  if (kind_ == Kind::ring) {
    std::erase_if(claims_, [&](const Claim& claim) { return claim.member == member; });
    return draw_ring();
  }
  std::erase_if(owned_, [&](const Owned& owned) { return owned.member == member; });
}

std::optional<MemberId> KeyRanges::owner(std::uint32_t slot) const {
  const auto at = std::ranges::lower_bound(owned_, slot, {},
                                           [](const Owned& owned) { return owned.slots.last; });
  if (at == owned_.end() || at->slots.first > slot) return std::nullopt;
  return at->member;
}

void KeyRanges::draw_ring() {
  std::map<std::uint32_t, MemberId> points;
  std::map<std::string_view, std::size_t> twins;
  for (const Claim& claim : claims_) {
    const std::size_t twin = twins[claim.name]++;
    for (int point = 0; point < kPointsPerMember; ++point) {
      points.emplace(ring_point(claim.name, twin, point), claim.member);
    }
  }
  owned_.clear();
  std::uint32_t first = 1;
  for (const auto& [point, member] : points) {
    owned_.push_back({{first, point}, member});
    first = point + 1;
  }
  // Behind the last point the ring closes.
  if (!points.empty() && first <= kLastSlot) {
    owned_.push_back({{first, kLastSlot}, points.begin()->second});
  }
}

void KeyRanges::split_for(MemberId member) {
  if (owned_.empty()) {
    owned_.push_back({{0, kLastSlot}, member});
    return;
  }
  const auto width = [](const Owned& owned) { return owned.slots.last - owned.slots.first; };
  const auto widest = std::ranges::max_element(owned_, {}, width);
  const SlotRange slots = widest->slots;
  if (slots.first == slots.last) return;  // as many members as slots
  const std::uint32_t middle = slots.first + (slots.last - slots.first) / 2;
  widest->slots.first = middle + 1;
  owned_.insert(widest, {{slots.first, middle}, member});
}

void KeyRanges::merge(MemberId member) {
  const auto gone = std::ranges::find(owned_, member, &Owned::member);
  if (gone == owned_.end()) return;
  const SlotRange slots = gone->slots;
  const auto after = owned_.erase(gone);
  if (after != owned_.end()) {
    after->slots.first = slots.first;
  } else if (!owned_.empty()) {
    owned_.back().slots.last = slots.last;
  }
}

Result<void> KeyRanges::stick(const Claim& claim) {
  if (claim.ranges.empty()) {
    return fail(
        Errc::invalid_argument,
        fmt::format("member '{}' names no key range; a sticky member needs one", claim.name));
  }
  std::vector<Owned> owned = owned_;
  for (const SlotRange& range : claim.ranges) {
    if (range.first > range.last || range.last > kLastSlot) {
      return fail(Errc::invalid_argument,
                  fmt::format("key range {}-{} of member '{}': allowed is 0-{}, first to last",
                              range.first, range.last, claim.name, kLastSlot));
    }
    const auto at = std::ranges::lower_bound(owned, range.first, {},
                                             [](const Owned& one) { return one.slots.last; });
    if (at != owned.end() && at->slots.first <= range.last) {
      return fail(Errc::in_use, fmt::format("key range {}-{} of member '{}' overlaps {}-{}, which "
                                            "has an owner; choose another",
                                            range.first, range.last, claim.name, at->slots.first,
                                            at->slots.last));
    }
    owned.insert(at, {range, claim.member});
  }
  owned_ = std::move(owned);
  return {};
}

}  // namespace sluice::delivery
