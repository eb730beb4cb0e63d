#include "doors/remoting/broker/reset_notices.h"

#include "doors/remoting/broker/connection_link.h"
#include "doors/remoting/broker/reactor_context.h"
#include "doors/remoting/broker/session.h"
#include "wire/remoting/bodies/common.h"
#include "wire/remoting/requests/relays.h"

namespace sluice::doors {
namespace {

/// Clients that wait after "offset moved" wait for 10 s, then they need a rebalance.
constexpr milliseconds kClientsWait{10'500};

/// Fields as in apache/rocketmq ResetOffsetRequestHeader.java, body as ResetOffsetBody.java.
void tell_broadcasting(BrokerDoor& door, std::string_view group, std::string_view topic,
                       const ResetOffsets& offsets) {
  Buffer body;
  wire::json::Writer out(body);
  write_offsets(out, door.broker().options().name, topic, offsets);
  for (const delivery::Member& member : door.broker().consumers().members(group)) {
    const auto link = std::dynamic_pointer_cast<ConnectionLink>(member.link.lock());
    if (!link || member.model != delivery::MessageModel::broadcasting) continue;
    link->calls()->tell({.code = wire::remoting::kResetClientOffset,
                         .fields = {{"group", std::string(group)},
                                    {"topic", std::string(topic)},
                                    {"timestamp", "-1"},
                                    {"isForce", "true"}},
                         .body = std::string(as_text(body.bytes()))});
  }
}

}  // namespace

wire::json::Writer& write_offsets(wire::json::Writer& out, std::string_view broker,
                                  std::string_view topic, const ResetOffsets& offsets) {
  out.begin_object().key("offsetTable").begin_object();
  for (const auto& [queue, offset] : offsets) {
    wire::remoting::write(out, topic, broker, queue);
    out.colon().value(offset.value);
  }
  return out.end().end();
}

void tell_of_reset(BrokerDoor& door, std::string_view group, std::string_view topic,
                   const ResetOffsets& offsets) {
  broker::Broker& broker = door.broker();
  if (const auto leases = broker.leases().find(group, topic)) door.announce(leases);
  if (broker.consumers().model(group) == delivery::MessageModel::broadcasting) {
    return tell_broadcasting(door, group, topic, offsets);
  }
  const auto found = broker.topics().find(topic);
  for (std::size_t r = 0; found && r < door.reactors(); ++r) {
    ReactorContext& context = door.context(r);
    context.reactor().post([&context, name = std::string(group), found, offsets] {
      for (const auto& [id, offset] : offsets) {
        broker::TopicQueue* const queue = found->queue(QueueId(id));
        if (queue) context.tell_reset(name, *queue);
      }
    });
  }
}

void ReactorContext::tell_reset(const std::string& group, const broker::TopicQueue& queue) {
  delivery::WaitList waiting;
  waits_.release_if(
      queue.key(),
      [&group](const delivery::Wait& wait) {
        return static_cast<const ParkedPull&>(wait).plan.group->name == group;
      },
      waiting);
  while (!waiting.empty()) {
    auto& pull = static_cast<ParkedPull&>(waiting.front());
    waiting.pop_front();
    pull.unmark();
    pull.session.tell_reset(pull);
  }
}

void BrokerSession::tell_reset(ParkedPull& pull) {
  pull.plan.reset_to = context_.broker().tell_reset(pull.plan, link_.get());
  if (pull.plan.reset_to) context_.rebalance_later(link_, pull.plan.group->name);
  resume(pull, false);
}

void ReactorContext::rebalance_later(const std::shared_ptr<delivery::Link>& link,
                                     std::string_view group) {
  const bool first = rebalances_.empty();
  rebalances_.push_back({door_.clock().steady() + kClientsWait, link, std::string(group)});
  if (first) arm();
}

void ReactorContext::rebalance_members(SteadyTime now) {
  while (!rebalances_.empty() && rebalances_.front().time <= now) {
    if (const auto link = rebalances_.front().link.lock()) {
      link->members_changed(rebalances_.front().group);
    }
    rebalances_.pop_front();
  }
}

}  // namespace sluice::doors
