#include <sluice/producer.h>

#include "client/engine/wait.h"
#include "client/producing/sender.h"

namespace sluice {

using client::Sender;
using client::Task;
using client::wait_for;
using client::WhenFull;

namespace {

/// Runs a task that gives a Result<T> on the client's thread, and tells its outcome.
template <class T>
void run(const std::shared_ptr<Sender>& sender,
         std::move_only_function<Task<Result<T>>(Sender&)> make, Completion<T> done) {
  sender->core().spawn([sender, make = std::move(make), done = std::move(done)]() mutable {
    return [](std::shared_ptr<Sender> s, Task<Result<T>> task, Completion<T> told) -> Task<void> {
      const client::Inside inside(s->core().tasks());
      auto result = co_await std::move(task);
      if (!result) co_return told(client::to_failure(result.error()));
      if constexpr (std::is_void_v<T>) {
        told(Outcome<void>());
      } else {
        told(std::move(*result));
      }
    }(sender, make(*sender), std::move(done));
  });
}

}  // namespace

Producer::Producer(Client& client, ProducerOptions options)
    : sender_(std::make_shared<Sender>(client.core(), std::move(options))) {
  client.core()->post([sender = sender_] { sender->core().add(sender); });
}

Producer::Producer(Producer&&) noexcept = default;

Producer& Producer::operator=(Producer&& other) noexcept {
  std::swap(sender_, other.sender_);
  return *this;
}

Producer::~Producer() {
  if (!sender_) return;
  sender_->transactions().end_checks();
  // Nothing is posted to a core that is closed: it has stopped this sender itself.
  if (!sender_->core().is_closed()) {
    sender_->core().spawn([sender = sender_] { return sender->stop(); });
  }
}

void Producer::begin_send(const SenderPtr& sender, Message message, SendOptions options,
                          Completion<Receipt> done) {
  sender->send(std::move(message), std::move(options), WhenFull::fail, std::move(done));
}

void Producer::begin_batch(const SenderPtr& sender, std::vector<Message> messages,
                           SendOptions options, Completion<std::vector<Receipt>> done) {
  sender->send_batch(std::move(messages), std::move(options), WhenFull::fail, std::move(done));
}

void Producer::begin_transaction(const SenderPtr& sender, Message message, SendOptions options,
                                 Completion<Transaction> done) {
  sender->begin(std::move(message), std::move(options), WhenFull::fail, std::move(done));
}

void Producer::begin_request(const SenderPtr& sender, Message message,
                             std::chrono::milliseconds timeout, Completion<ReceivedMessage> done) {
  run<ReceivedMessage>(
      sender,
      [message = std::move(message), timeout](Sender& s) mutable {
        return s.requests().ask(std::move(message), timeout);
      },
      std::move(done));
}

Outcome<Receipt> Producer::send(Message message, SendOptions options) {
  return wait_for<Receipt>(sender_->core(), [&](Completion<Receipt> done) {
    sender_->send(std::move(message), std::move(options), WhenFull::wait, std::move(done));
  });
}

Outcome<std::vector<Receipt>> Producer::send_batch(std::vector<Message> messages,
                                                   SendOptions options) {
  using Receipts = std::vector<Receipt>;
  return wait_for<Receipts>(sender_->core(), [&](Completion<Receipts> done) {
    sender_->send_batch(std::move(messages), std::move(options), WhenFull::wait, std::move(done));
  });
}

Outcome<void> Producer::send_one_way(Message message, SendOptions options) {
  return sender_->send_one_way(std::move(message), std::move(options));
}

Outcome<Transaction> Producer::begin(Message message, SendOptions options) {
  return wait_for<Transaction>(sender_->core(), [&](Completion<Transaction> done) {
    sender_->begin(std::move(message), std::move(options), WhenFull::wait, std::move(done));
  });
}

Outcome<ReceivedMessage> Producer::request(Message message, std::chrono::milliseconds timeout) {
  return wait_for<ReceivedMessage>(sender_->core(), [&](Completion<ReceivedMessage> done) {
    begin_request(sender_, std::move(message), timeout, std::move(done));
  });
}

Outcome<void> Producer::recall(const std::string& topic, const std::string& recall_handle) {
  return wait_for<void>(sender_->core(), [&](Completion<void> done) {
    run<void>(sender_, [&](Sender& s) { return s.recall(topic, recall_handle); }, std::move(done));
  });
}

std::size_t Producer::bytes_in_flight() const { return sender_->bytes_in_flight(); }

Outcome<std::vector<Queue>> Producer::queues(const std::string& topic) {
  using Queues = std::vector<Queue>;
  return wait_for<Queues>(sender_->core(), [&](Completion<Queues> done) {
    run<Queues>(sender_, [&](Sender& s) { return s.writable_queues(topic); }, std::move(done));
  });
}

Outcome<void> Transaction::end(Decision decision) {
  return wait_for<void>(sender_->core(), [&](Completion<void> done) {
    begin_end(sender_, half_, decision, std::move(done));
  });
}

void Transaction::begin_end(const std::shared_ptr<Sender>& sender, const Receipt& half,
                            Decision decision, Completion<void> done) {
  run<void>(
      sender, [half, decision](Sender& s) { return s.transactions().end(half, decision); },
      std::move(done));
}

}  // namespace sluice
