#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <sluice/push_consumer.h>

#include "client/consuming/offset_keeper.h"
#include "client/consuming/process_queue.h"
#include "client/consuming/workers.h"
#include "client/engine/core.h"
#include "wire/remoting/requests/pull.h"

namespace sluice::client {

/// What a PushConsumer does. Reactor's thread only, but for the listener, which runs on workers,
/// and for what is said otherwise.
class Consumption final : public Participant, public std::enable_shared_from_this<Consumption> {
 public:
  Consumption(std::shared_ptr<Core> core, PushConsumerOptions options);

  static Result<void> check(const PushConsumerOptions& options);
  void begin();
  Task<void> stop() override;
  void suspend(bool on);
  std::vector<Queue> queues() const;        ///< any thread
  Core& core() { return *core_; }           ///< any thread
  void end_workers() { workers_.reset(); }  ///< after stop(); not the reactor's thread

  void describe(wire::remoting::HeartbeatBody& heartbeat) const override;
  bool serve(const std::string& address, const Answer& request,
             const Remoting::Respond& respond) override;

 private:
  /// A queue of ours.
  struct Shelf {
    Shelf(net::Reactor& reactor, Queue q) : queue(std::move(q)), alarm(reactor) {}
    const Queue queue;
    ProcessQueue messages;
    Alarm alarm;             ///< its reader sleeps by it
    std::int64_t next = -1;  ///< to be read
    std::int64_t committed = -1;
    std::int64_t broker_id = 0;  ///< where to read, as the broker said
    bool dropped = false;
    bool busy = false;  ///< orderly: a batch is with the listener
    SteadyTime locked;  ///< orderly: when the broker granted the lock last
    bool has_lock = false;
  };
  using ShelfPtr = std::shared_ptr<Shelf>;
  using Batch = std::vector<ReceivedMessage>;

  // rebalancing.cc
  Task<void> keep_balanced();
  Task<bool> balance(std::string topic);
  Task<Result<std::vector<std::string>>> members(std::string topic);
  Task<void> drop(ShelfPtr shelf);
  Task<void> keep_locked();
  std::vector<ShelfPtr> shelves() const;
  Task<Result<void>> lock(std::vector<ShelfPtr> shelves);
  Task<void> unlock(ShelfPtr shelf);

  // reading.cc
  Task<void> read(ShelfPtr shelf);
  Task<Result<std::int64_t>> first_offset(const Shelf& shelf);
  Task<Result<bool>> pull(ShelfPtr shelf);
  Result<bool> take_in(Shelf& shelf, Answer answer);
  bool wanted(const ReceivedMessage& message, const Subscription& subscription) const;

  // consumption.cc
  void hand_out();
  bool hand_out_of(const ShelfPtr& shelf);
  void consume(const ShelfPtr& shelf, Batch batch);
  Task<void> settle(ShelfPtr shelf, Batch batch, Verdict verdict);
  Task<bool> send_back(ShelfPtr shelf, ReceivedMessage message, int delay_level);
  Task<void> keep_committed();
  Task<void> commit(ShelfPtr shelf);
  bool lock_holds(const Shelf& shelf) const;
  std::string retry_topic() const;

  const std::shared_ptr<Core> core_;
  const PushConsumerOptions options_;
  const std::int64_t version_;  ///< of the subscriptions
  std::map<std::string, Subscription> subscriptions_;
  OffsetKeeper offsets_;
  std::unique_ptr<Workers> workers_;
  std::map<Queue, ShelfPtr> shelves_;
  Queue served_last_;
  mutable std::mutex queues_mutex_;
  std::vector<Queue> queues_;  ///< under queues_mutex_
  Alarm rebalance_, commit_, lock_;
  Alarm drained_;
  Latch loops_, stops_;
  int with_listener_ = 0;  ///< batches
  bool suspended_ = false, stopping_ = false, stopped_ = false;
};

}  // namespace sluice::client
