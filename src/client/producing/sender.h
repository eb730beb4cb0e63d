#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include <sluice/producer.h>

#include "client/engine/core.h"
#include "client/producing/outgoing.h"
#include "client/producing/queue_picker.h"

namespace sluice::client {

/// What a Producer does: counts what is under way, and on the reactor's thread finds a queue for
/// each message, sends it, and tries elsewhere when that fails.
class Sender final : public Participant, public std::enable_shared_from_this<Sender> {
 public:
  Sender(std::shared_ptr<Core> core, ProducerOptions options);

  enum class WhenFull : std::uint8_t { fail, wait };
  /// Any thread. `done` is called once, perhaps at once.
  void send(Message message, SendOptions options, WhenFull when_full, Completion<Receipt> done);
  /// Any thread but the reactor's.
  Outcome<void> send_one_way(Message message, SendOptions options);
  std::size_t bytes_in_flight() const;

  Core& core() { return *core_; }
  Task<Result<RoutePtr>> route(std::string topic);

  void describe(wire::remoting::HeartbeatBody& heartbeat) const override;
  bool serve(const std::string&, const Answer&, const Remoting::Respond&) override { return false; }
  Task<void> stop() override;

 private:
  struct Sending;
  Task<void> run(std::unique_ptr<Sending> sending);
  Task<Result<Receipt>> attempts(Sending& sending);
  Task<Result<Receipt>> attempt(Sending& sending, const WritableQueue& target,
                                milliseconds timeout);
  Result<WritableQueue> choose(Sending& sending, const RouteView& route, const std::string& failed);
  Result<void> reserve(std::size_t bytes, WhenFull when_full, milliseconds timeout);
  void release(std::size_t bytes);

  const std::shared_ptr<Core> core_;
  const ProducerOptions options_;
  QueuePicker picker_;
  FaultTable faults_;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::size_t in_flight_ = 0;
};

}  // namespace sluice::client
