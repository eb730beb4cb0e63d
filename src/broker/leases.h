#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/lease_change.h"
#include "delivery/subscription.h"

/// The leases of all groups whose members take messages one by one.
namespace sluice::broker {

/// One queue's leases in one group.
struct QueueLeases {
  explicit QueueLeases(QueueOffset start) : state(start), reported(start) {}
  delivery::LeaseQueue state;
  QueueOffset reported;  ///< the group's progress as it was last made known
  /// Ordered groups: who was given the messages that are out, so that the same request, repeated
  /// after a lost answer, gets the same messages.
  std::string attempt_id;
  WallTime attempt_stamp;
  /// Where members filter differently: by filter, the turn up to which ready messages are none that
  /// it wants.
  std::map<std::uint32_t, std::uint64_t> passed;
};

/// A filter that a member of the group has asked with lately.
struct KnownFilter {
  std::uint32_t id = 0;
  std::shared_ptr<const delivery::Subscription> subscription;  ///< null: everything
  WallTime seen;                                               ///< 0: before the restart
};

/// One group's leases in one topic. What is not atomic is guarded by the mutex, which is held for
/// memory operations and index reads.
struct GroupLeases {
  GroupLeases(std::string_view group, std::string_view topic) : group(group), topic(topic) {}
  const std::string group, topic;
  /// Held while changes go into the log, so that they stand there in the order in which they were
  /// made; before the other mutex.
  std::mutex log_mutex;
  std::mutex mutex;
  bool removed = false;     ///< the group or the topic is gone: nothing is handed out any more
  LeaseChangeList changes;  ///< that are not in the log yet
  std::map<QueueId, QueueLeases> queues;
  std::vector<KnownFilter> filters;
  std::uint32_t next_filter = 0;           ///< its id
  std::uint32_t turn = 0;                  ///< which queue the next pop looks at first
  std::optional<WallTime> scheduled;       ///< when Leases::expire() looks here
  std::atomic<std::uint64_t> watchers{0};  ///< bit r: reactor r has pops of this group parked
  std::atomic<std::int32_t> parked{0};     ///< pops that wait, at all reactors
};

/// Thread-safe. Lock order: a group's mutex, then this table's.
class Leases {
 public:
  std::shared_ptr<GroupLeases> find(std::string_view group, std::string_view topic) const;
  std::shared_ptr<GroupLeases> find_or_create(std::string_view group, std::string_view topic);
  std::vector<std::shared_ptr<GroupLeases>> all() const;
  void remove_group(std::string_view group);
  void remove_topic(std::string_view topic);

  /// The group's leases have changed; its mutex is held. Looks when they run out next.
  void schedule(const std::shared_ptr<GroupLeases>& group);
  std::optional<WallTime> next_deadline() const;
  /// Called when next_deadline() has become sooner; must be quick. Set once.
  void on_sooner(std::function<void()> fn) { on_sooner_ = std::move(fn); }
  /// Ends the leases that have run out by lease time. The groups that have ready messages now.
  std::vector<std::shared_ptr<GroupLeases>> expire(WallTime now);

  /// The time by which all leases run.
  delivery::LeaseClock& clock() { return clock_; }

  /// Brings the state up to a change read from the log or a snapshot. Before use.
  void apply(const LeaseChange& change);
  /// Everything, as a list of changes.
  void snapshot(Buffer& to) const;
  /// Steps with every change, so that an unchanged table is not written.
  std::uint64_t version() const { return version_.load(std::memory_order_relaxed); }

 private:
  using Name = std::pair<std::string, std::string>;  // group, topic
  struct Due {
    WallTime time;
    std::shared_ptr<GroupLeases> group;
    friend auto operator<=>(const Due&, const Due&) = default;
  };
  void unschedule(const std::shared_ptr<GroupLeases>& group);
  template <class Which>
  void remove_if(Which which);
  void apply_filter(const LeaseChange& change);

  mutable std::mutex mutex_;
  std::map<Name, std::shared_ptr<GroupLeases>> groups_;
  std::set<Due> due_;
  std::atomic<std::uint64_t> version_{0};
  std::function<void()> on_sooner_;
  delivery::LeaseClock clock_;
};

}  // namespace sluice::broker
