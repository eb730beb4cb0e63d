#include "client/consuming/process_queue.h"

#include <algorithm>

namespace sluice::client {

void ProcessQueue::add(std::vector<ReceivedMessage> messages) {
  for (ReceivedMessage& message : messages) {
    const std::int64_t offset = message.offset;
    if (!all_.emplace(offset, message.body.size()).second) continue;
    bytes_ += message.body.size();
    highest_ = std::max(highest_, offset);
    waiting_.emplace(offset, std::move(message));
  }
}

std::vector<ReceivedMessage> ProcessQueue::take(std::size_t most) {
  std::vector<ReceivedMessage> taken;
  taken.reserve(std::min(most, waiting_.size()));
  while (taken.size() < most && !waiting_.empty()) {
    taken.push_back(std::move(waiting_.extract(waiting_.begin()).mapped()));
  }
  return taken;
}

void ProcessQueue::done(const std::vector<ReceivedMessage>& messages) {
  for (const ReceivedMessage& message : messages) {
    const auto found = all_.extract(message.offset);
    if (!found.empty()) bytes_ -= found.mapped();
  }
}

void ProcessQueue::give_back(const std::vector<ReceivedMessage>& messages) {
  for (const ReceivedMessage& message : messages) waiting_.emplace(message.offset, message);
}

std::int64_t ProcessQueue::committable() const {
  if (!all_.empty()) return all_.begin()->first;
  return highest_ < 0 ? -1 : highest_ + 1;
}

std::int64_t ProcessQueue::span() const {
  return all_.empty() ? 0 : all_.rbegin()->first - all_.begin()->first;
}

}  // namespace sluice::client
