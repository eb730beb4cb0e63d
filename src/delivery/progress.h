#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace sluice::delivery {

/// How far each group has consumed each queue: the offset of the next message it wants. Moved by
/// commits and resets only, never inferred; a commit may move it back. Thread-safe.
class Progress {
 public:
  void commit(std::string_view group, std::string_view topic, QueueId queue, QueueOffset next);
  std::optional<QueueOffset> committed(std::string_view group, std::string_view topic,
                                       QueueId queue) const;
  /// Topics in which the group has progress.
  std::vector<std::string> topics(std::string_view group) const;
  /// Groups with progress in the topic.
  std::vector<std::string> groups(std::string_view topic) const;
  /// By queue; empty when there is none.
  std::map<std::int32_t, std::int64_t> offsets(std::string_view group,
                                               std::string_view topic) const;
  bool empty() const;
  void remove(std::string_view group, std::string_view topic);
  void remove_group(std::string_view group);
  void remove_topic(std::string_view topic);
  void copy_group(std::string_view from, std::string_view to, std::string_view topic);

  struct Entry {
    std::string topic, group;
    std::map<std::int32_t, std::int64_t> offsets;  ///< queue id → offset
  };
  /// Everything, for a snapshot. `version` steps with every change, so that an unchanged table is
  /// not written.
  std::vector<Entry> entries() const;
  /// Each group in a topic whose progress has changed since the last call, whole; without offsets:
  /// it has been removed. The next call does not give them again.
  std::vector<Entry> take_changes();
  /// They could not be kept: the next take_changes() gives these groups again, as they are then.
  void put_back(const std::vector<Entry>& changes);
  /// One that take_changes() gave, back.
  void restore_change(const Entry& entry);
  std::uint64_t version() const;
  void restore(const std::vector<Entry>& entries);

 private:
  mutable std::mutex mutex_;
  std::uint64_t version_ = 0;
  struct Offsets {
    std::vector<std::int64_t> next;
    bool changed = false;  ///< named in changed_
  };
  using Groups = std::map<std::string, Offsets, std::less<>>;
  static Entry entry_of(std::string_view topic, std::string_view group, const Offsets* offsets);
  void note_change(const std::string& topic, const std::string& group, Offsets& offsets);
  std::map<std::string, Groups, std::less<>> by_topic_;
  std::set<std::pair<std::string, std::string>> changed_;  // topic, group
};

}  // namespace sluice::delivery
