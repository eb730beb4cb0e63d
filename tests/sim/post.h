#pragma once

#include <deque>
#include <functional>
#include <string>

#include "broker/sending.h"
#include "world.h"

namespace sluice::sim {

/// What one producer sends in one go, from the request to what it hears.
class Post {
 public:
  explicit Post(World& world) : world_(world), batch_(world.broker()) {}

  /// A queue of a topic, by chance.
  QueueKey anywhere();
  void add(Kind kind, QueueKey to, WallTime due, std::string properties);
  /// `stored` hears of each message that it is stored, and where.
  using OnStored = std::function<void(std::int64_t id, LogPosition at)>;
  void send(const OnStored& stored = {});

 private:
  struct Sent {
    std::int64_t id = 0;
    std::string properties, body;
    broker::SendBatch::Ticket ticket;
  };
  void refused(const Error& why);
  void accepted(const Sent& one, LogPosition until, const OnStored& stored);
  World& world_;
  broker::SendBatch batch_;
  std::deque<Sent> sent_;
};

}  // namespace sluice::sim
