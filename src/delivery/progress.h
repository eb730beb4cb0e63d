#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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
  std::uint64_t version() const;
  void restore(std::vector<Entry> entries);

 private:
  mutable std::mutex mutex_;
  std::uint64_t version_ = 0;
  std::map<std::string, std::map<std::string, std::vector<std::int64_t>, std::less<>>, std::less<>>
      by_topic_;
};

}  // namespace sluice::delivery
