#include "broker/topic_table.h"

#include <utility>

#include "broker/topics.h"

namespace sluice::broker {

std::size_t TopicTable::place_of(std::size_t hash, std::string_view name) const {
  std::size_t at = first_place(hash);
  for (; rows_[at].topic != nullptr; at = (at + 1) & (rows_.size() - 1)) {
    if (rows_[at].hash == hash && rows_[at].topic->name() == name) break;
  }
  return at;
}

const std::shared_ptr<Topic>* TopicTable::find(std::size_t hash, std::string_view name) const {
  const Row& row = rows_[place_of(hash, name)];
  return row.topic == nullptr ? nullptr : &row.topic;
}

bool TopicTable::insert(std::shared_ptr<Topic> topic) {
  const std::size_t hashed = topic_hash(topic->name());
  if (find(hashed, topic->name()) != nullptr) return false;
  if ((size_ + 1) * 2 > rows_.size()) grow();
  Row& row = rows_[place_of(hashed, topic->name())];
  row = {hashed, std::move(topic)};
  ++size_;
  return true;
}

bool TopicTable::insert_or_assign(std::shared_ptr<Topic> topic) {
  if (insert(topic)) return true;
  Row& row = rows_[place_of(topic_hash(topic->name()), topic->name())];
  row.topic = std::move(topic);
  return false;
}

/// Those behind move up, so that a search still ends at the first free row.
void TopicTable::erase(std::string_view name) {
  std::size_t hole = place_of(topic_hash(name), name);
  if (rows_[hole].topic == nullptr) return;
  const auto next = [this](std::size_t at) { return (at + 1) & (rows_.size() - 1); };
  const auto steps = [this](std::size_t from, std::size_t to) {
    return (to - from) & (rows_.size() - 1);
  };
  for (std::size_t at = next(hole); rows_[at].topic != nullptr; at = next(at)) {
    if (steps(first_place(rows_[at].hash), at) < steps(hole, at)) continue;
    rows_[hole] = std::move(rows_[at]);
    hole = at;
  }
  rows_[hole] = {};
  --size_;
}

void TopicTable::for_each(const std::function<void(const Topic&)>& fn) const {
  for (const Row& row : rows_) {
    if (row.topic != nullptr) fn(*row.topic);
  }
}

void TopicTable::grow() {
  auto before = std::exchange(rows_, std::vector<Row>(rows_.size() * 2));
  for (Row& row : before) {
    if (row.topic == nullptr) continue;
    std::size_t at = first_place(row.hash);
    while (rows_[at].topic != nullptr) at = (at + 1) & (rows_.size() - 1);
    rows_[at] = std::move(row);
  }
}

void TopicTable::expect_topic(std::size_t hash) const {
  std::size_t at = first_place(hash);
  while (rows_[at].topic != nullptr && rows_[at].hash != hash) at = (at + 1) & (rows_.size() - 1);
  if (rows_[at].topic != nullptr) rows_[at].topic->expect();
}

}  // namespace sluice::broker
