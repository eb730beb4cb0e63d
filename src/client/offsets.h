#pragma once

#include <optional>

#include "client/cluster.h"

namespace sluice::client {

/// Places in a queue, and where groups have got to. Each call is a request to the queue's broker;
/// errors as with Cluster.
class Offsets {
 public:
  explicit Offsets(Cluster& cluster) : cluster_(cluster) {}

  /// Of the oldest message, and of the next one to come.
  Result<std::int64_t> min(const MessageQueue& queue);
  Result<std::int64_t> max(const MessageQueue& queue);
  /// Of the first message stored at that time or later; the queue's end when there is none.
  Result<std::int64_t> at_time(const MessageQueue& queue, WallTime time);

  /// Where `group` continues; nothing when it has never committed.
  Result<std::optional<std::int64_t>> committed(const std::string& group,
                                                const MessageQueue& queue);
  /// `offset`: of the next message to read.
  Result<void> commit(const std::string& group, const MessageQueue& queue, std::int64_t offset);

 private:
  template <class Request>
  Result<std::int64_t> ask_offset(const MessageQueue& queue, Request request);

  Cluster& cluster_;
};

}  // namespace sluice::client
