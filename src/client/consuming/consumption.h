#pragma once

#include <atomic>
#include <deque>
#include <memory>

#include <sluice/push_consumer.h>

#include "client/consuming/member.h"
#include "client/consuming/workers.h"

namespace sluice::client {

class Consumption;

/// A message in the program's hands, until it is settled.
struct Handed {
  std::shared_ptr<Consumption> consumption;
  ShelfPtr shelf;
  ReceivedMessage message;
};

/// What a PushConsumer does: gives what its member has read to a listener, or to who asks for the
/// next, and does with it what they say. Reactor's thread only, but for the listener, which runs on
/// workers, and for what is said otherwise.
class Consumption final : public Member {
 public:
  Consumption(std::shared_ptr<Core> core, PushConsumerOptions options);

  static Result<void> check(const PushConsumerOptions& options);
  void suspend(bool on);
  void next(Completion<Delivery> done);
  /// Any thread: a Delivery was settled, or dropped.
  void settle(const std::shared_ptr<Handed>& handed, Verdict verdict);
  bool has_listener() const { return options_.listener != nullptr; }  ///< any thread
  /// After stop(); not the reactor's thread. Gives how many batches were given up.
  int end();

 private:
  void arrived() override;
  void changed(const std::vector<Queue>&, const std::vector<Queue>&) override { arrived(); }
  Task<void> wind_down() override;
  void consume_directly(ReceivedMessage message, Tell tell) override;
  int threads() const override { return static_cast<int>(workers_.threads()); }

  ShelfPtr next_shelf();
  void give(const ShelfPtr& shelf);
  void give_to_listener(const ShelfPtr& shelf, Batch batch);
  void settle_soon(ShelfPtr shelf, Batch batch, Verdict verdict);
  Task<void> settle_now(ShelfPtr shelf, Batch batch, Verdict verdict);
  Task<void> settle_in_order(ShelfPtr shelf, Batch batch, Verdict verdict);
  Task<void> settle_failed(ShelfPtr shelf, Batch batch, Verdict verdict);
  Task<bool> send_back(ShelfPtr shelf, ReceivedMessage message, int delay_level);

  const PushConsumerOptions options_;
  Workers workers_;
  std::deque<Completion<Delivery>> waiting_;
  Queue served_last_;
  Alarm drained_;
  int with_program_ = 0;  ///< batches
  bool suspended_ = false, given_up_ = false;
  std::atomic<int> left_behind_{0};
};

}  // namespace sluice::client
