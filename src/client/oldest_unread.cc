#include "client/oldest_unread.h"

#include "base/numbers.h"
#include "client/reader.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;

std::optional<std::int64_t> oldest_unread(Cluster& cluster, const std::string& address,
                                          const GroupQueue& queue) {
  PullMessage request;
  request.group = "TOOLS_CONSUMER";
  request.topic = queue.queue.topic;
  request.queue_id = queue.queue.queue_id;
  request.queue_offset = queue.committed;
  request.max_messages = 1;
  request.sys_flag = kPullSubscription;
  request.subscription = "*";
  constexpr int kTries = 2;  // the first may say that the queue begins later now
  for (int i = 0; i < kTries; ++i) {
    const auto answer = cluster.remoting().call(address, request, {}, cluster.timeout());
    if (!answer) return std::nullopt;
    if (answer->command.code == kSuccess) {
      const auto messages = decode_messages(answer->command.body, queue.queue.broker_name);
      if (!messages || messages->empty()) return std::nullopt;
      return messages->front().store_ms;
    }
    const auto next = parse_number<std::int64_t>(answer->command.ext.get("nextBeginOffset"));
    if (!next) return std::nullopt;
    request.queue_offset = *next;
  }
  return std::nullopt;
}

}  // namespace sluice::client
