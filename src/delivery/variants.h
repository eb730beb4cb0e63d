#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/members.h"
#include "delivery/progress.h"

namespace sluice::delivery {

/// Progress where members of one group filter a topic differently. Each filter, a variant of the
/// group, reads all queues and has progress of its own; the group's progress is the least of the
/// variants that live, so whoever starts from it misses nothing. A variant whose members have left
/// keeps its place until somebody lives whose filter covers it, a reset, or until the messages
/// before which it stands are gone: a member that restarts goes on where it was.
///
/// While all members of all groups want the same, a commit is Progress::commit and two loads.
/// Thread-safe.
class Variants {
 public:
  Variants(const ConsumerGroups& members, Progress& group) : members_(members), group_(group) {}

  /// By the member behind `link`. A stranger's commit counts for the group, unless variants keep
  /// progress: then it moves nothing while members live.
  void commit(const Link* link, std::string_view group, std::string_view topic, QueueId queue,
              QueueOffset next);
  /// Where the member behind `link` goes on.
  std::optional<QueueOffset> committed(const Link* link, std::string_view group,
                                       std::string_view topic, QueueId queue);
  /// The member behind `link` reads at `offset`. Where neither it nor the group has progress, that
  /// is where its variant begins: it keeps that place also when the member leaves before its first
  /// commit.
  void begin(const Link* link, std::string_view group, std::string_view topic, QueueId queue,
             QueueOffset offset);
  /// Everybody goes on at `target`.
  void reset(std::string_view group, std::string_view topic, QueueId queue, QueueOffset target);

  /// The name under which the member's share in the topic is kept apart: the group's while there
  /// is one variant.
  std::string scope(const Link* link, std::string_view group, std::string_view topic) const;
  /// The scopes of all members that live; the group's while there is one variant.
  std::vector<std::string> scopes(std::string_view group, std::string_view topic) const;
  /// Whether members, those that left included, differ in the topic.
  bool apart(std::string_view group, std::string_view topic) const;

  void remove_group(std::string_view group);
  void remove_topic(std::string_view topic);

  /// For a snapshot; as Progress's, with scopes as groups.
  std::vector<Progress::Entry> entries() const { return own_.entries(); }
  std::uint64_t version() const { return own_.version(); }
  void restore(const std::vector<Progress::Entry>& entries);
  /// Forgets variants that left and whose messages are gone: `min` gives a queue's first offset.
  template <class Min>
  void prune(Min min);

 private:
  static std::string name(std::string_view group, std::string_view filter);
  bool idle() const { return !tracking_.load() && !members_.any_split(); }
  std::vector<std::string> tracked(std::string_view group, std::string_view topic) const;
  void adopt(const ConsumerGroups::Variants& now, std::string_view group, std::string_view topic,
             QueueId queue);
  void settle(const ConsumerGroups::Variants& now, std::string_view group, std::string_view topic,
              QueueId queue);
  void forget_covered(const ConsumerGroups::Variants& now, std::string_view group,
                      std::string_view topic);
  void changed() { tracking_.store(!own_.empty()); }

  const ConsumerGroups& members_;
  Progress& group_;
  mutable std::mutex mutex_;  // one decision at a time
  std::atomic<bool> tracking_{false};
  Progress own_;  // by scope
};

template <class Min>
void Variants::prune(Min min) {
  if (!tracking_.load()) return;
  std::lock_guard lock(mutex_);
  for (const Progress::Entry& entry : own_.entries()) {
    bool gone = true;
    for (const auto& [queue, offset] : entry.offsets) {
      gone = gone && offset < min(entry.topic, QueueId(queue)).value;
    }
    if (gone) own_.remove(entry.group, entry.topic);
  }
  static_cast<void>(own_.take_changes());  // nobody logs them
  changed();
}

}  // namespace sluice::delivery
