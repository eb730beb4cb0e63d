#include "doors/remoting/broker/call.h"
#include "wire/remoting/bodies/group.h"
#include "wire/remoting/requests/groups.h"

/// Queue locks of consumers that consume in order.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

std::vector<delivery::QueueLocks::QueueName> names_of(const LockBody& body) {
  std::vector<delivery::QueueLocks::QueueName> names;
  for (const MessageQueue& q : body.queues) names.push_back({q.topic, QueueId(q.queue_id)});
  return names;
}

Result<void> lock(BrokerCall& call, const LockQueues&) {
  SLUICE_TRY(const LockBody body, LockBody::decode(call.command.body));
  const auto held =
      call.broker().locks().lock(body.group, body.client_id, names_of(body), call.steady);
  return call.ok_json([&](wire::json::Writer& out) {
    out.begin_object().key("lockOKMQSet").begin_array();
    for (const auto& queue : held) {
      write(out, queue.topic, call.broker().options().name, queue.queue.value);
    }
    out.end().end();
  });
}

Result<void> unlock(BrokerCall& call, const UnlockQueues&) {
  SLUICE_TRY(const LockBody body, LockBody::decode(call.command.body));
  call.broker().locks().unlock(body.group, body.client_id, names_of(body));
  return call.ok();
}

constexpr BrokerRow kRows[] = {
    broker_row<LockQueues, lock>(),
    broker_row<UnlockQueues, unlock>(),
};

}  // namespace

std::span<const BrokerRow> lock_rows() { return kRows; }

}  // namespace sluice::doors
