#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "broker/topic_table.h"
#include "broker/topics.h"

namespace sluice::broker {

/// The topics that one reactor has sent to: it finds them again without a lock, and without being
/// counted each time among those who hold them. Thread: one reactor.
class KnownTopics {
 public:
  std::size_t size() const { return table_.size(); }
  /// nullptr when it is not known, or was removed. Good until let_go().
  Topic* find(std::size_t hash, std::string_view name) const;
  /// The same, good until let_go().
  Topic& add(std::shared_ptr<Topic> topic);
  /// For one that was removed: it is not found any more, but held until let_go().
  void forget(std::string_view name);
  /// Nobody uses what was found before: what was forgotten is held no longer.
  void let_go() { forgotten_.clear(); }

  // What find() touches is asked for, one step after the other: see SendsAhead.
  void expect_row(std::size_t hash) const { table_.expect_row(hash); }
  void expect_topic(std::size_t hash) const { table_.expect_topic(hash); }

 private:
  TopicTable table_;
  std::vector<std::shared_ptr<Topic>> forgotten_;
};

}  // namespace sluice::broker
