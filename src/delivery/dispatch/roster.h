#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "delivery/dispatch/key_ranges.h"
#include "delivery/dispatch/queue_view.h"

/// The members of one Dispatch: their order, who is active, whose turn it is.
namespace sluice::delivery {

struct Joining {
  MemberId id = kNobody;
  std::string name;
  std::int32_t priority = 0;      ///< 0 is the best; others get what better ones have no room for
  std::vector<SlotRange> ranges;  ///< key-shared with sticky ranges
  std::size_t held_max = std::numeric_limits<std::size_t>::max();  ///< messages out with it at once
  QueueOffset start;                                               ///< broadcast: its progress
};

struct RosterMember {
  Joining about;
  std::int64_t permits = 0;  ///< messages it may still be sent; a batch can take it below 0
};

/// Which of the members of the best priority is active, when one is.
struct ActiveChoice {
  bool by_ring = false;      ///< by consistent hashing of names; otherwise by their order
  std::uint32_t number = 0;  ///< ring: a hash of the topic's name; order: the queue's number
};

class Roster {
 public:
  Roster(KeyRanges::Kind kind, ActiveChoice choice) : ranges_(kind), choice_(choice) {}

  /// Errors: already_exists, and those of KeyRanges::add when `keys`.
  Result<void> add(const Joining& about, bool keys);
  void remove(MemberId id);

  /// By priority, then by name.
  std::span<const RosterMember> members() const { return members_; }
  RosterMember* find(MemberId id);
  const RosterMember* find(MemberId id) const;

  /// Nobody when there is no member.
  MemberId choose_active() const;
  const KeyRanges& ranges() const { return ranges_; }

  /// Messages in a row that go to one member before it is the next one's turn.
  static constexpr int kTurn = 20;
  /// The member whose turn it is among those of the best priority that `able` accepts.
  template <class Able>
  MemberId in_turn(const Able& able) const;
  /// It got a message.
  void took(MemberId id);

 private:
  std::size_t turn_start(std::size_t first, std::size_t last) const;

  std::vector<RosterMember> members_;
  KeyRanges ranges_;
  ActiveChoice choice_;
  MemberId turn_ = kNobody;
  int turn_used_ = 0;
};

template <class Able>
MemberId Roster::in_turn(const Able& able) const {
  for (std::size_t first = 0; first < members_.size();) {
    std::size_t last = first;
    while (last < members_.size() &&
           members_[last].about.priority == members_[first].about.priority) {
      ++last;
    }
    const std::size_t start = turn_start(first, last);
    for (std::size_t i = 0; i < last - first; ++i) {
      const RosterMember& member = members_[first + (start + i) % (last - first)];
      if (able(member)) return member.about.id;
    }
    first = last;
  }
  return kNobody;
}

}  // namespace sluice::delivery
