#include "broker/duplicates.h"

#include "base/murmur3.h"

namespace sluice::broker {

Duplicates::Key Duplicates::key_of(std::string_view topic, std::string_view unique_key,
                                   Bytes body) {
  const auto of_topic = murmur3_128(topic);
  const auto of_key = murmur3_128(unique_key, static_cast<std::uint32_t>(of_topic[0]));
  const auto of_body = murmur3_128(as_text(body));
  return {{of_key[0] ^ of_topic[0], of_key[1] ^ of_topic[1], of_body[0], of_body[1]}};
}

Duplicates::Answer Duplicates::look(const Key& key, WallTime now, milliseconds window) {
  const std::lock_guard lock(mutex_);
  while (!order_.empty()) {
    const auto oldest = entries_.find(order_.front());
    if (oldest->second.until >= now) break;
    entries_.erase(oldest);
    order_.pop_front();
  }
  auto found = entries_.find(key);
  if (found != entries_.end() && found->second.until >= now) {
    const Entry& entry = found->second;
    if (entry.state == Entry::State::stored) return {Seen::stored, entry.place};
    if (entry.state == Entry::State::storing) return {Seen::storing, {}};
  }
  if (found == entries_.end()) found = add(key);
  found->second.state = Entry::State::storing;
  found->second.until = now + window;
  return {};
}

Duplicates::Map::iterator Duplicates::add(const Key& key) {
  while (entries_.size() >= max_ && !order_.empty()) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
  order_.push_back(key);
  return entries_.try_emplace(key).first;
}

void Duplicates::stored(const Key& key, const Place& place) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  found->second.place = place;
  found->second.state = Entry::State::stored;
}

void Duplicates::failed(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found != entries_.end()) found->second.state = Entry::State::void_;
}

void Duplicates::restore(const Key& key, const Place& place, WallTime until) {
  const std::lock_guard lock(mutex_);
  if (entries_.contains(key)) return;
  Entry& entry = add(key)->second;
  entry.place = place;
  entry.until = until;
  entry.state = Entry::State::stored;
}

std::size_t Duplicates::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace sluice::broker
