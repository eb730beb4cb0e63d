#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "delivery/dispatch/queue_view.h"

/// A queue in memory whose messages tests add and delete.
namespace sluice::delivery::testing {

class FakeQueue final : public QueueView {
 public:
  QueueOffset append(std::uint32_t key, std::int64_t tag = 0, bool joined = false) {
    const QueueOffset offset = end();
    entries_.emplace(offset.value, Entry{offset, tag, key, joined, {}});
    end_ = end_ + 1;
    return offset;
  }
  void delay(QueueOffset offset, WallTime until) { entries_.at(offset.value).not_before = until; }
  void erase(QueueOffset offset) { entries_.erase(offset.value); }
  /// The member wants only these; nothing said: everything.
  void want(MemberId member, std::set<std::int64_t> tags) { wants_[member] = std::move(tags); }
  const Entry* find(QueueOffset offset) const {
    const auto at = entries_.find(offset.value);
    return at == entries_.end() ? nullptr : &at->second;
  }

  QueueOffset end() const override { return end_; }
  std::size_t read(QueueOffset from, std::span<Entry> out) const override {
    std::size_t count = 0;
    for (auto at = entries_.lower_bound(from.value); at != entries_.end() && count < out.size();
         ++at) {
      out[count++] = at->second;
    }
    return count;
  }
  bool wanted_by(MemberId member, const Entry& entry) const override {
    const auto wants = wants_.find(member);
    return wants == wants_.end() || wants->second.contains(entry.tag);
  }

 private:
  std::map<std::int64_t, Entry> entries_;
  QueueOffset end_;
  std::map<MemberId, std::set<std::int64_t>> wants_;
};

}  // namespace sluice::delivery::testing
