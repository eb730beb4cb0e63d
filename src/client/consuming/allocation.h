#pragma once

#include <span>
#include <string>
#include <vector>

#include <sluice/subscription.h>

/// The rules behind share_of(). Every member computes its share for itself, so the results are
/// those of RocketMQ's Java client (client/consumer/rebalance), to the queue. Pure.
namespace sluice::client {

std::vector<Queue> average_share(const Shares& shares);
std::vector<Queue> circle_share(const Shares& shares);
std::vector<Queue> consistent_hash_share(const Shares& shares, int virtual_nodes = 10);
/// Of the queues on brokers whose name begins with `room@`, room being one of `rooms`.
std::vector<Queue> machine_room_share(const Shares& shares, std::span<const std::string> rooms);

}  // namespace sluice::client
