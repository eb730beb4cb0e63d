#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/result.h"
#include "delivery/dispatch/decision.h"
#include "delivery/dispatch/hand_out.h"
#include "delivery/dispatch/matrix.h"
#include "delivery/dispatch/outstanding.h"
#include "delivery/dispatch/roster.h"

/// The delivery engine: who of a group gets which messages of one queue, in any cell of the matrix.
///
///   join, leave ──▶ who is active, who owns which keys ──▶ notices
///   push          ──▶ deliveries to members with permits
///   pop           ──▶ deliveries to the asker, for a time
///   pull          ──▶ what the asker sees from its offset
///   acknowledge, give_back, extend, reject ──▶ a message is finished, rests, stays out, is dead
///
/// One object per (group, topic, queue). It sees the queue through QueueView and tells through
/// Decision what is to be done; it never calls anybody else. After anything that may set messages
/// free (permits, ends of messages, joins, leaves, arrivals, the time that Decision::again names)
/// push() is called again, and parked pops and pulls ask again; one call may follow many events.
///
/// Pure and not thread-safe. Times are wall times, because leases outlive the process; a clock that
/// jumps back makes leases longer and nothing else.
namespace sluice::delivery {

/// What does not change while the object lives.
struct Plan {
  Model model = Model::push;
  Mode mode = Mode::shared;
  /// One batch of leases per queue (key-shared: per key) at a time, in order.
  bool fifo = false;
  /// Key-shared: a key that changes its owner is not held back.
  bool out_of_order = false;
  KeyRanges::Kind keys = KeyRanges::Kind::ring;
  ActiveChoice active;
  RetryPolicy retry;
  /// Messages that were handed out or passed over and are not finished. At the limit only what was
  /// out before is handed out.
  std::size_t unfinished_max = 200'000;
  /// Ready messages at which no more new ones are passed over, because their members have no room
  /// or their keys are held back. A pass looks at each of them.
  std::size_t passed_over_max = 2'000;
  /// A new active member starts so much after it was chosen, when there was another before it.
  milliseconds failover_delay{1000};
  milliseconds bury_within{30'000};
  bool believe_late = true;  ///< an ack after the deadline counts while nobody else has the message
};

struct Pop {
  MemberId member = kNobody;
  std::int32_t count = 1;
  milliseconds lease{60'000};
  /// A hash of what the asker calls this attempt. Asked with the same while a batch is out, after
  /// which others have to wait: gets that batch again. 0: nothing.
  std::uint64_t attempt = 0;
};

struct Pull {
  MemberId member = kNobody;
  /// Where to look from. In shared modes: the member has what it holds below.
  QueueOffset from;
  std::int32_t count = 1;
};

class Dispatch {
 public:
  using Outcome = LeaseQueue::Outcome;

  /// `progress`: LeaseQueue(start), or one that was restored. What was out without a deadline then
  /// is ready at once; the rest stays out until its receipt or its deadline ends it.
  Dispatch(const Plan& plan, LeaseQueue progress, const QueueView& view);

  /// The notices tell all members when the active one changes, otherwise the one that joined.
  /// Errors: in_use (exclusive: somebody is there; sticky keys overlap), already_exists,
  /// invalid_argument (reserved id; no key ranges).
  Result<std::vector<Notice>> join(const Joining& member, WallTime now);
  enum class Leases : std::uint8_t {
    give_back,  ///< what the member holds is ready at once
    run_out,    ///< ... at its deadline; what has none is ready at once
  };
  std::vector<Notice> leave(MemberId member, Leases leases, WallTime now);
  void add_permits(MemberId member, std::int64_t permits);

  Decision push(const QueueView& view, WallTime now);
  /// Errors of pop and pull: not_found (no such member). A member that is not active gets nothing.
  Result<Decision> pop(const QueueView& view, const Pop& pop, WallTime now);
  /// In shared modes reading takes: messages are the member's until it ends them or leaves; asked
  /// again from the same offset it sees the same ones and more. Otherwise it only looks.
  Result<Seen> pull(const QueueView& view, const Pull& pull, WallTime now);

  Outcome acknowledge(const Receipt& receipt, WallTime now);
  /// All up to and with `offset`; for readers that only look, it commits the offset after it.
  /// late: the member is not the active one. Errors: unsupported (the cell knows no such thing).
  Result<Outcome> acknowledge_to(MemberId member, QueueOffset offset, WallTime now);
  /// The message failed. It comes again after `delay`, without one by the retry policy. Where order
  /// is the queue's and messages are pushed, everything the member holds comes again with it.
  Outcome give_back(const Receipt& receipt, std::optional<milliseconds> delay, WallTime now);
  /// Everything the member holds comes again, at once.
  void give_back_all(MemberId member, WallTime now);
  /// The holder needs the message until `deadline`. Gives the new stamp.
  std::expected<WallTime, Outcome> extend(const Receipt& receipt, WallTime deadline, WallTime now);
  /// The holder will never be able to use the message: as if it were told dead just now.
  Outcome reject(const Receipt& receipt, WallTime now);
  /// A dead message was written elsewhere, or dropped.
  Outcome bury(const Dead& dead);
  /// Forgets what is out and goes on from `start`.
  void reset(MemberId member, QueueOffset start);

  const Cell& cell() const { return cell_; }
  MemberId active() const { return active_; }
  const Roster& roster() const { return roster_; }
  /// Broadcast: the member's, which has to be there; otherwise the group's.
  const Outstanding& progress(MemberId member = kNobody) const;

 private:
  Outstanding* find(MemberId member);
  std::vector<Notice> choose_active(WallTime now, MemberId joined);
  /// One pass for everybody, or (`only`) for one asker.
  void hand_out(Outstanding& out, const QueueView& view, const Grant& grant, MemberId only,
                Decision& decision);
  void ask_again(const Outstanding& out, WallTime now, Decision& decision) const;
  void look(const QueueView& view, const Pull& pull, WallTime now, Seen& seen) const;
  bool hand_same_batch(Outstanding& out, const QueueView& view, const Pop& pop, WallTime now,
                       Decision& decision);

  Plan plan_;
  Cell cell_;
  Roster roster_;
  Outstanding shared_;
  std::map<MemberId, Outstanding> own_;  // broadcast
  MemberId active_ = kNobody;
  WallTime starts_;  // no hand-out before: after a failover
};

}  // namespace sluice::delivery
