#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "delivery/dispatch/queue_view.h"

/// Which member of a key-shared group owns a key. Keys fall into 65,536 slots by their hash; a
/// member owns ranges of slots. The rules are Pulsar's, so that keys stay where its users expect.
namespace sluice::delivery {

/// Both ends belong to it.
struct SlotRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend bool operator==(const SlotRange&, const SlotRange&) = default;
};

class KeyRanges {
 public:
  static constexpr std::uint32_t kSlots = 65'536;

  enum class Kind : std::uint8_t {
    ring,    ///< consistent hashing, 100 points per member: few keys move when members change
    split,   ///< a new member takes the lower half of the widest range
    sticky,  ///< members say their ranges; slots that nobody claims wait
  };
  explicit KeyRanges(Kind kind) : kind_(kind) {}

  struct Claim {
    MemberId member = kNobody;
    std::string name;               ///< ring: where its points lie
    std::vector<SlotRange> ranges;  ///< sticky
  };
  /// Errors: invalid_argument (sticky: no range, or one that is none), in_use (sticky: a slot has
  /// an owner).
  Result<void> add(const Claim& claim);
  void remove(MemberId member);

  std::uint32_t slot(std::uint32_t key) const;
  std::optional<MemberId> owner(std::uint32_t slot) const;
  /// Ascending; no slot is in two.
  struct Owned {
    SlotRange slots;
    MemberId member = kNobody;
  };
  std::span<const Owned> owned() const { return owned_; }

 private:
  void draw_ring();
  void split_for(MemberId member);
  void merge(MemberId member);
  Result<void> stick(const Claim& claim);

  Kind kind_;
  std::vector<Claim> claims_;  // ring: in the order in which they came
  std::vector<Owned> owned_;
};

}  // namespace sluice::delivery
