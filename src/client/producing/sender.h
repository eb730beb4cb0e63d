#pragma once

#include <memory>
#include <mutex>

#include <sluice/producer.h>

#include "client/engine/core.h"
#include "client/producing/batcher.h"
#include "client/producing/in_flight.h"
#include "client/producing/queue_picker.h"
#include "client/producing/requests.h"
#include "client/producing/sending.h"
#include "client/producing/tracer.h"
#include "client/producing/transactions.h"

namespace sluice::client {

/// What a Producer does: counts what is under way, and on the reactor's thread finds a queue for
/// each message, sends it, and tries elsewhere when that fails.
class Sender final : public Participant, public std::enable_shared_from_this<Sender> {
 public:
  Sender(std::shared_ptr<Core> core, ProducerOptions options);

  // Any thread; `wait` not on the reactor's. `done` is called once, perhaps at once.
  void send(Message message, SendOptions options, WhenFull when_full, Completion<Receipt> done);
  void send_batch(std::vector<Message> messages, SendOptions options, WhenFull when_full,
                  Completion<std::vector<Receipt>> done);
  void begin(Message message, SendOptions options, WhenFull when_full,
             Completion<Transaction> done);
  Outcome<void> send_one_way(Message message, SendOptions options);
  std::size_t bytes_in_flight() const { return in_flight_.bytes(); }

  Core& core() { return *core_; }
  Task<Result<RoutePtr>> route(std::string topic);
  Task<Result<std::vector<Queue>>> writable_queues(std::string topic);
  Task<Result<void>> recall(std::string topic, std::string handle);
  Requests& requests() { return requests_; }
  Transactions& transactions() { return transactions_; }

  void describe(wire::remoting::HeartbeatBody& heartbeat) const override;
  bool serve(const std::string& address, const Answer& request,
             const Remoting::Respond& respond) override;
  Task<void> stop() override;

 private:
  using Done = decltype(Sending::done);
  /// Calls `done`, if there is one, with the error that it gives, too.
  Result<void> start(Result<Outgoing> out, SendOptions options, WhenFull when_full, Done done);
  void launch(Result<Outgoing> out, SendOptions options, WhenFull when_full, Done done);
  Result<void> enter(std::unique_ptr<Sending>& sending, Result<Outgoing> out, SendOptions options,
                     WhenFull when_full);
  void hand_over(std::unique_ptr<Sending> sending);
  void take_in();
  std::vector<std::unique_ptr<Sending>> taken();
  void admit(std::unique_ptr<Sending> sending);
  Task<void> run(std::unique_ptr<Sending> sending);
  void finish(Sending& sending, Result<Stored> result);
  Task<Result<Stored>> attempts(Sending& sending);
  Task<Result<Stored>> attempt(Sending& sending, const WritableQueue& target, milliseconds timeout);
  template <class Request>
  Task<Result<Stored>> exchange(const Sending& sending, const WritableQueue& target,
                                Request request, milliseconds timeout);
  void begun(const Outgoing& out, Result<Stored> stored, Completion<Transaction> done);
  Result<WritableQueue> choose(const Sending& sending, const RouteView& route,
                               const std::string& failed);

  const std::shared_ptr<Core> core_;
  const ProducerOptions options_;
  QueuePicker picker_;
  FaultTable faults_;
  InFlight in_flight_;
  Batcher batcher_;
  Requests requests_;
  Transactions transactions_;
  Tracer tracer_;
  bool stopping_ = false;  ///< nothing waits for others any more; reactor's thread

  std::mutex mutex_;
  std::vector<std::unique_ptr<Sending>> incoming_;  ///< for the reactor's thread, in order
};

}  // namespace sluice::client
