#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/result.h"
#include "delivery/lease_clock.h"
#include "delivery/lease_queue.h"

/// What happened to messages that are taken one by one, as the log keeps it. Many changes make one
/// record's body; a snapshot is the shortest list of changes that leads to the same state. Pure.
///
/// Encoding, big-endian, variable numbers seven bits a byte, lowest first:
///   kind 1, group 2+n, topic 2+n, queue 4, next 8, stamp 8, deadline 8, number of items,
///   then for each item: offset minus the one before (zigzag), attempts;
///   for a filter also: type 2+n, expression 2+n
namespace sluice::broker {

struct LeaseChange {
  enum class Kind : std::uint8_t {
    reset,     ///< the group starts anew at `next`
    leased,    ///< the items are leased with these terms
    ready,     ///< the items can be leased; `lease` is the one that ended, if there was one
    finished,  ///< the items are finished
    filter,    ///< a member asks with this filter: what it wants is left for it
    clock,     ///< of no group: the wall clock was set to the stamp, the deadline is lease time
  };
  struct Item {
    QueueOffset offset;
    std::int32_t attempts = 0;
    friend bool operator==(const Item&, const Item&) = default;
  };

  Kind kind = Kind::reset;
  std::string_view group, topic;
  QueueId queue;
  QueueOffset next;  ///< leased, ready: everything before it was handed out
  delivery::Lease lease;
  std::vector<Item> items;
  std::string_view filter_type, filter;
};

inline constexpr std::size_t kLeaseItemsMax = 65'536;  ///< of one change

void encode(const LeaseChange& change, Buffer& to);
void encode(const delivery::LeaseClockNote& note, Buffer& to);

/// Takes changes from a body one by one; views point into it.
class LeaseChanges {
 public:
  explicit LeaseChanges(Bytes body) : rest_(body) {}
  bool done() const { return rest_.empty(); }
  /// Errors: corrupt.
  Result<void> next(LeaseChange& change);

 private:
  Bytes rest_;
};

/// Changes of one group in the order in which they were made. What a wake finishes message by
/// message is one change.
class LeaseChangeList {
 public:
  void add(const LeaseChange& change);
  void add_finished(const LeaseChange& names, std::span<const QueueOffset> offsets);
  bool empty() const { return text_.empty() && finished_.items.empty(); }
  /// Appends them to `to`, and is empty.
  void take(Buffer& to);
  /// `text` was taken and could not be kept: it comes first again.
  void put_back(Bytes text);

 private:
  void close_finished();
  Buffer text_;
  LeaseChange finished_;  // its names live as long as the group
};

/// Brings one queue's state up to the change; its group, topic and queue are the caller's matter.
void apply(const LeaseChange& change, delivery::LeaseQueue& state);

/// The changes that lead from nothing to `state`. `names` gives group, topic and queue.
void encode_state(const delivery::LeaseQueue& state, const LeaseChange& names, Buffer& to);

}  // namespace sluice::broker
