#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sluice/message.h>

#include "wire/remoting/bodies/route.h"

namespace sluice::client {

/// A queue that can be written, and the master that takes it.
struct WritableQueue {
  Queue queue;
  std::string address;
};

/// A topic's route, with what follows from it. Does not change; pure.
struct RouteView {
  wire::remoting::TopicRoute route;
  /// Of brokers with a master; in the order of orderTopicConf, else of broker name and number.
  std::vector<WritableQueue> writable;
  /// Sorted by broker name and number.
  std::vector<Queue> readable;

  /// `borrowed_queues` > 0: the route is the one new topics are made by; that many queues at most.
  static std::shared_ptr<const RouteView> of(const std::string& topic,
                                             wire::remoting::TopicRoute route,
                                             std::int32_t borrowed_queues = 0);
  /// The broker of that id, or else the master, or else any; empty when it is not in the route.
  std::string address_of(const std::string& broker, std::int64_t id = 0) const;
  /// One address per broker: its master's, or else any.
  std::vector<std::string> addresses() const;
};

}  // namespace sluice::client
