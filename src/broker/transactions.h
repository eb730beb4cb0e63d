#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "broker/half_messages.h"
#include "broker/light_queues.h"
#include "broker/topics.h"
#include "store/message_store.h"

/// Transactional messages. A send in two steps: the half message is stored where no consumer looks;
/// then its producer says whether it becomes a message of its topic (commit) or nothing (rollback).
/// A producer that says neither is asked, again and again, and at last the half message is put
/// among the undecided ones (kUndecidedTopic) for people to look at.
///
/// Open half messages are a table in memory, by offset; the log has what it is made of, in Apache's
/// form (half_messages.h): the half messages, and marks that name those that are over. restore()
/// reads both from where the progress of kTransactionGroup points.
///
/// Exactly once: a commit appends the message and the mark together, so the log has them side by
/// side. A process that is killed leaves both, or neither, or the message as the last thing of its
/// log. restore() therefore looks at the newest records of the queues that open half messages go
/// to: one that names an open half message (record::Message::prepared) is what that became, and
/// the missing mark is made up for. Newest: in the last 16 MiB of the log, or of its last 10
/// seconds, because Apache's broker marks up to 3 s later. A half message that is over is not in
/// the table: whoever ends it again is told so, and nothing is delivered.
///
/// The progress moves past a mark when the mark is on stable storage, so a power cut cannot leave
/// a progress that takes an open half message for one that is over.
namespace sluice::broker {

struct TransactionOptions {
  milliseconds timeout{6'000};          ///< before the first check, when the message says no other
  milliseconds check_interval{30'000};  ///< between the first two checks
  int check_growth = 100;               ///< each later pause in % of the one before, up to an hour
  std::int32_t checks_max = 15;
  /// How long the log keeps a record: a half message is given up before it would be gone.
  milliseconds keep{std::chrono::hours(72)};
  bool reject = false;  ///< no half messages are taken
};

/// How long after a check comes the next, when there were `checks` before it.
milliseconds check_pause(const TransactionOptions& options, std::int32_t checks);

/// Thread-safe. One mutex, held for memory operations only.
class Transactions {
 public:
  Transactions(store::MessageStore& store, Topics& topics, TransactionOptions options,
               wire::record::Host store_host);

  const TransactionOptions& options() const { return options_; }
  store::Queue& half_queue() { return *halves_; }
  /// A half message was appended; before its sender is answered.
  void stored(QueueOffset half, LogPosition position, WallTime now,
              std::optional<milliseconds> patience);
  /// Called when a check is due before the time which next_due() said, by the thread that stored
  /// the half message. Set once, before the first message.
  void on_sooner(std::function<void()> fn) { on_sooner_ = std::move(fn); }
  std::optional<WallTime> next_due();

  enum class Decision : std::uint8_t { commit, rollback };
  struct EndQuery {
    std::string_view group;
    QueueOffset half;
    LogPosition position;
    Decision decision = Decision::rollback;
    bool from_check = false;
  };
  struct Ended {
    /// Nothing was done: a commit after the time that the message itself gave its producer to
    /// decide unasked. The check asks.
    bool late = false;
    LogPosition until;  ///< on stable storage, as far as the store promises, when confirmed
    std::vector<std::shared_ptr<Topic>> topics;  ///< keep the queues alive
    std::vector<TopicQueue*> queues;             ///< that have grown, if any has
  };
  /// Errors: not_found (no such half message; another group's; it is over), those of
  /// MessageStore::append and Topics::ensure. On error the half message stays open.
  Result<Ended> end(const EndQuery& query, WallTime now);

  struct Round {
    std::vector<HalfMessage> asked;  ///< to be sent to a producer of their group
    std::size_t given_up = 0, lost = 0;
    bool more = false;
    LogPosition until;
    std::vector<std::shared_ptr<Topic>> topics;
    std::vector<TopicQueue*> queues;
  };
  /// What is due. Errors: those of MessageStore::append and read; what was not done is due again
  /// later.
  Result<Round> check(WallTime now);

  /// The first offsets that are not over, of half messages and marks.
  struct Progress {
    QueueOffset half, mark;
    friend bool operator==(const Progress&, const Progress&) = default;
  };
  /// What may be written down now.
  Progress progress();
  /// How often open half messages were checked, by offset; those never checked are left out.
  using Checks = std::map<std::int64_t, std::int32_t>;
  Checks checks() const;
  /// Before use, with what was written down. Errors: io_error, those of append.
  Result<void> restore(Progress progress, const Checks& checks, WallTime now);

  std::size_t open() const;
  /// Of a half message that nobody has decided yet: how often it was checked.
  std::optional<std::int32_t> checks_of(QueueOffset half) const;

 private:
  struct Half {
    LogPosition position;
    std::int64_t stored_ms = 0, due_ms = 0;
    std::int32_t checks = 0;
    bool ending = false;  ///< somebody is at it
  };
  using Table = std::map<std::int64_t, Half>;
  struct Candidate {
    Half half;
    std::string topic;
  };
  using Candidates = std::map<std::int64_t, Candidate>;
  struct Target {
    std::shared_ptr<Topic> topic;
    TopicQueue* queue = nullptr;
  };

  /// With mutex_ held.
  void put(std::int64_t offset, Half half);
  void set_due(std::int64_t offset, Half& half, std::int64_t due_ms);
  std::int64_t first_open() const;
  std::optional<Half> claim(QueueOffset half, LogPosition position);

  void unclaim(std::int64_t offset, WallTime now);
  void close(std::int64_t offset);
  std::int64_t limit_due(const Half& half, std::int64_t due_ms) const;
  Result<Target> target(const HalfMessage& half, WallTime now);
  Result<Target> undecided(WallTime now);
  /// Appends what the half message becomes, if anything, and the mark.
  Result<LogPosition> append_end(const HalfMessage& half, const Target* target,
                                 std::int32_t transaction_bits, Spread& spread, WallTime now);
  Result<void> give_up(const HalfMessage& half, Round& round, WallTime now);
  Result<void> look_at(std::int64_t offset, Round& round, WallTime now);
  std::vector<std::int64_t> take_due(Round& round, WallTime now);

  Result<std::set<std::int64_t>> read_marks(Progress& progress) const;
  Result<Candidates> read_halves(QueueOffset from, const std::set<std::int64_t>& over,
                                 std::vector<std::int64_t>& copied) const;
  Result<void> find_ended(const Candidates& open, std::vector<std::int64_t>& ended) const;
  Result<void> find_ended_in(const store::Queue& queue, std::int64_t recent_ms,
                             const std::unordered_map<std::int64_t, std::int64_t>& by_position,
                             std::vector<std::int64_t>& ended) const;
  Result<std::int64_t> newest_ms() const;
  Result<void> mark(const std::vector<std::int64_t>& halves, WallTime now);

  store::MessageStore& store_;
  Topics& topics_;
  const TransactionOptions options_;
  const wire::record::Host store_host_;
  const std::shared_ptr<store::Queue> halves_, marks_;
  std::function<void()> on_sooner_;

  mutable std::mutex mutex_;
  Table open_;                                           // by offset
  std::set<std::pair<std::int64_t, std::int64_t>> due_;  // time in ms, offset
  std::int64_t expected_ms_;                             // what next_due() said last
  /// Half messages below known_ are in open_ or over; those in ahead_ too. An append and its
  /// stored() are two steps, so an offset can come before a smaller one.
  std::int64_t known_;
  std::set<std::int64_t> ahead_;
  struct Step {
    std::int64_t half;
    LogPosition until;
  };
  struct MarkStep {
    std::int64_t halves_end;  ///< marks before `mark` name only half messages before it
    std::int64_t mark;
  };
  std::deque<Step> unflushed_;
  std::deque<MarkStep> mark_steps_;
  Progress durable_;
};

}  // namespace sluice::broker
