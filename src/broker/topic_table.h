#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::broker {

class Topic;

/// By which a table finds a topic.
inline std::size_t topic_hash(std::string_view name) { return std::hash<std::string_view>{}(name); }

/// Topics by name: a table of hashes with a pointer each, so that what a search is going to touch
/// can be asked for ahead. Its owner guards it.
class TopicTable {
 public:
  /// nullptr when there is none. The pointer is good until the next change.
  const std::shared_ptr<Topic>* find(std::size_t hash, std::string_view name) const;
  /// Takes the topic under its own name. False, and nothing is changed, when one is there.
  bool insert(std::shared_ptr<Topic> topic);
  /// Whether there was none of its name.
  bool insert_or_assign(std::shared_ptr<Topic> topic);
  void erase(std::string_view name);
  void for_each(const std::function<void(const Topic&)>& fn) const;
  std::size_t size() const { return size_; }

  /// Somebody is going to look for this hash: its row is asked for.
  void expect_row(std::size_t hash) const { __builtin_prefetch(&rows_[first_place(hash)]); }
  /// The same, when the row is there: its topic is asked for.
  void expect_topic(std::size_t hash) const;

 private:
  struct alignas(32) Row {  // none on two cache lines
    std::size_t hash = 0;
    std::shared_ptr<Topic> topic;  ///< null: the row is free
  };
  /// The row's place, or that of the free one where it would go. The table is never full.
  std::size_t place_of(std::size_t hash, std::string_view name) const;
  std::size_t first_place(std::size_t hash) const {
    return hash >> kSharedBits & (rows_.size() - 1);
  }
  void grow();

  static constexpr int kSharedBits = 4;          ///< those its owner may have chosen this table by
  std::vector<Row> rows_ = std::vector<Row>(8);  ///< a power of two; at most half used
  std::size_t size_ = 0;
};

}  // namespace sluice::broker
