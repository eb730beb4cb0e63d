#include <map>

#include "doors/remoting/broker/call.h"
#include "wire/remoting/bodies/group.h"
#include "wire/remoting/requests/groups.h"

/// Queue locks of consumers that consume in order.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

/// Queues by the scope in which they are locked: members whose filters differ read the same queues
/// side by side.
std::map<std::string, std::vector<delivery::QueueLocks::QueueName>> scopes_of(
    const BrokerCall& call, const LockBody& body) {
  std::map<std::string, std::vector<delivery::QueueLocks::QueueName>> scopes;
  for (const MessageQueue& q : body.queues) {
    scopes[call.broker().variants().scope(call.session.link().get(), body.group, q.topic)]
        .push_back({q.topic, QueueId(q.queue_id)});
  }
  return scopes;
}

Result<void> lock(BrokerCall& call, const LockQueues&) {
  SLUICE_TRY(const LockBody body, LockBody::decode(call.command.body));
  std::vector<delivery::QueueLocks::QueueName> held;
  for (const auto& [scope, queues] : scopes_of(call, body)) {
    const auto here = call.broker().locks().lock(scope, body.client_id, queues, call.steady);
    held.insert(held.end(), here.begin(), here.end());
  }
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
  for (const auto& [scope, queues] : scopes_of(call, body)) {
    call.broker().locks().unlock(scope, body.client_id, queues);
  }
  return call.ok();
}

constexpr BrokerRow kRows[] = {
    broker_row<LockQueues, lock>(),
    broker_row<UnlockQueues, unlock>(),
};

}  // namespace

std::span<const BrokerRow> lock_rows() { return kRows; }

}  // namespace sluice::doors
