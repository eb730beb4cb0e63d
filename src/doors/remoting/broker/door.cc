#include "doors/remoting/broker/door.h"

#include "doors/remoting/broker/reactor_context.h"
#include "doors/remoting/broker/session.h"

namespace sluice::doors {

BrokerDoor::BrokerDoor(broker::Broker& broker, Clock& clock, net::ReactorPool& reactors,
                       BrokerDoorOptions options)
    : broker_(broker),
      clock_(clock),
      reactors_(reactors),
      options_(std::move(options)),
      started_(clock.wall()) {
  for (std::size_t i = 0; i < reactors.size(); ++i) {
    contexts_.push_back(std::make_unique<ReactorContext>(*this, reactors.at(i)));
  }
  broker.store().on_confirmed([this](LogPosition confirmed) {
    for (const auto& context : contexts_) context->confirmed_elsewhere(confirmed);
  });
}

Result<std::unique_ptr<BrokerDoor>> BrokerDoor::open(broker::Broker& broker, Clock& clock,
                                                     net::ReactorPool& reactors,
                                                     BrokerDoorOptions options) {
  std::unique_ptr<BrokerDoor> door(new BrokerDoor(broker, clock, reactors, std::move(options)));
  // Before the first connection can call it.
  broker.leases().on_sooner([&first = *door->contexts_.front()] { first.leases_end_sooner(); });
  SLUICE_TRY(door->listener_,
             net::Listener::open(reactors, door->options_.listen,
                                 [d = door.get()](const std::shared_ptr<net::Connection>& c) {
                                   const auto index =
                                       static_cast<std::size_t>(c->reactor().index());
                                   return std::make_unique<BrokerSession>(d->context(index), c);
                                 }));
  door->contexts_.front()->leases_end_sooner();
  return door;
}

BrokerDoor::~BrokerDoor() { close(); }

void BrokerDoor::announce(std::vector<std::shared_ptr<broker::Topic>> topics,
                          std::vector<broker::TopicQueue*> queues, LogPosition until) {
  if (queues.empty()) return;
  ReactorContext& first = *contexts_.front();
  first.reactor().post([&first, keep = std::move(topics), queues = std::move(queues), until] {
    first.announce_when(until, queues);
  });
}

void BrokerDoor::announce(const std::shared_ptr<broker::GroupLeases>& group) {
  const std::uint64_t marks = group->watchers.load(std::memory_order_seq_cst);
  for (std::size_t r = 0; r < contexts_.size(); ++r) {
    if ((marks >> r & 1) == 0) continue;
    ReactorContext& context = *contexts_[r];
    context.reactor().post([&context, group] { context.offer(group); });
  }
}

void BrokerDoor::forget_topic(std::string_view name) {
  for (const auto& held : contexts_) {
    ReactorContext& context = *held;
    context.reactor().post([&context, name = std::string(name)] { context.forget_topic(name); });
  }
}

void BrokerDoor::close() {
  if (!listener_) return;
  listener_->close();
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    reactors_.at(i).run_and_wait([&context = contexts_[i]] { context->close(); });
  }
  broker_.leases().on_sooner(nullptr);
  listener_.reset();
}

}  // namespace sluice::doors
