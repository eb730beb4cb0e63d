#pragma once

#include <span>
#include <string>
#include <vector>

#include <sluice/push_consumer.h>

namespace sluice::client {

/// Which of `queues` the member `self` has. Every member computes this for itself, so the results
/// are those of RocketMQ's Java client (client/consumer/rebalance), to the queue. Both lists
/// sorted; nothing when `self` is not among the members. Pure.
struct Shares {
  std::string self;
  std::span<const std::string> members;
  std::span<const Queue> queues;
};
std::vector<Queue> average_share(const Shares& shares);
std::vector<Queue> circle_share(const Shares& shares);
std::vector<Queue> consistent_hash_share(const Shares& shares);
/// Of the queues on brokers whose name begins with `room@`, room being one of `rooms`.
std::vector<Queue> machine_room_share(const Shares& shares, std::span<const std::string> rooms);

std::vector<Queue> share_of(const Shares& shares, const PushConsumerOptions& options);

}  // namespace sluice::client
