#include <future>

#include <fmt/format.h>
#include <sluice/producer.h>

#include "client/engine/wait.h"
#include "client/producing/sender.h"

namespace sluice {

using client::Sender;

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
  // Nothing is posted to a core that is closed: it has stopped this sender itself.
  if (!sender_->core().is_closed()) {
    sender_->core().spawn([sender = sender_] { return sender->stop(); });
  }
}

void Producer::begin(const std::shared_ptr<Sender>& sender, Message message, SendOptions options,
                     Completion<Receipt> done) {
  sender->send(std::move(message), std::move(options), Sender::WhenFull::fail, std::move(done));
}

Outcome<Receipt> Producer::send(Message message, SendOptions options) {
  return client::wait_for<Receipt>(sender_->core(), [&](Completion<Receipt> done) {
    sender_->send(std::move(message), std::move(options), Sender::WhenFull::wait, std::move(done));
  });
}

Outcome<void> Producer::send_one_way(Message message, SendOptions options) {
  return sender_->send_one_way(std::move(message), std::move(options));
}

std::size_t Producer::bytes_in_flight() const { return sender_->bytes_in_flight(); }

Outcome<std::vector<Queue>> Producer::queues(const std::string& topic) {
  using Queues = std::vector<Queue>;
  return client::wait_for<Queues>(sender_->core(), [&](Completion<Queues> done) {
    sender_->core().spawn([sender = sender_, topic, done = std::move(done)]() mutable {
      return
          [](std::shared_ptr<Sender> s, std::string t, Completion<Queues> d) -> client::Task<void> {
            auto route = co_await s->route(t);
            if (!route) co_return d(client::to_failure(route.error()));
            Queues all;
            for (const auto& one : (*route)->writable) all.push_back(one.queue);
            d(std::move(all));
          }(sender, topic, std::move(done));
    });
  });
}

}  // namespace sluice
