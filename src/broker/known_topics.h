#pragma once

#include <cstddef>
#include <cstdint>
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
  explicit KnownTopics(const Topics& topics) : topics_(topics), removals_(topics.removals()) {}

  std::size_t size() const { return table_.size(); }
  /// nullptr when it is not known, or was removed. Good until let_go().
  Topic* find(std::size_t hash, std::string_view name) const;
  /// The same, good until let_go().
  Topic& add(std::shared_ptr<Topic> topic);
  /// Nobody uses any more what was found: those that were removed need not be held.
  void let_go();

  // What find() touches is asked for, one step after the other: see SendsAhead.
  void expect_row(std::size_t hash) const { table_.expect_row(hash); }
  void expect_topic(std::size_t hash) const { table_.expect_topic(hash); }

 private:
  const Topics& topics_;
  std::uint64_t removals_;  ///< those it has let go of
  TopicTable<Topic*> table_;
  std::vector<std::shared_ptr<Topic>> held_;  ///< also one that was removed and made again
};

}  // namespace sluice::broker
