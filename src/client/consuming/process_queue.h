#pragma once

#include <map>
#include <vector>

#include <sluice/message.h>

namespace sluice::client {

/// The messages of one queue that were read and are not done: waiting for a listener or in its
/// hands. What may be committed is the offset before which all are done, whatever order that
/// happened in. Pure; one thread.
class ProcessQueue {
 public:
  void add(std::vector<ReceivedMessage> messages);
  /// Up to `most` messages that wait, in order. They stay until done() or give_back().
  std::vector<ReceivedMessage> take(std::size_t most);
  void done(const std::vector<ReceivedMessage>& messages);
  /// They wait again, in their old places.
  void give_back(const std::vector<ReceivedMessage>& messages);

  /// The smallest offset in hand, or behind the last one that ever was; -1 before the first.
  std::int64_t committable() const;
  std::size_t count() const { return all_.size(); }
  std::size_t waiting() const { return waiting_.size(); }
  /// -1: none waits.
  std::int64_t first_waiting() const { return waiting_.empty() ? -1 : waiting_.begin()->first; }
  std::size_t bytes() const { return bytes_; }
  /// Between the first and the last offset in hand.
  std::int64_t span() const;

 private:
  std::map<std::int64_t, std::size_t> all_;  ///< offset → bytes
  std::map<std::int64_t, ReceivedMessage> waiting_;
  std::int64_t highest_ = -1;
  std::size_t bytes_ = 0;
};

/// Whether more may be read, by the thresholds of the options.
struct FlowLimits {
  std::size_t messages, bytes;
  std::int64_t span;  ///< 0: any
};
inline bool may_read(const ProcessQueue& queue, const FlowLimits& limits) {
  return queue.count() < limits.messages && queue.bytes() < limits.bytes &&
         (limits.span == 0 || queue.span() <= limits.span);
}

}  // namespace sluice::client
