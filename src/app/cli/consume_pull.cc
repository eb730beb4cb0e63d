#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sluice/admin.h>
#include <sluice/pull_consumer.h>

#include "app/cli/consumed.h"

namespace sluice::app {
namespace {

/// Others would read the same messages once more.
Result<void> refuse_company(Client& client, const std::string& group) {
  const auto known = Admin(client).group(group);
  if (!known || known->members.empty()) return {};
  std::vector<std::string> ids;
  for (const GroupMember& member : known->members) ids.push_back(member.client_id);
  return fail(Errc::not_permitted,
              fmt::format("group {} has other consumers online: {}; messages would be read twice. "
                          "Stop them or name another group",
                          group, fmt::join(ids, ", ")));
}

Outcome<std::int64_t> offset_of(PullConsumer& consumer, const Queue& queue, End end) {
  const auto sought = consumer.seek(queue, end);
  if (!sought) return sought.error();
  return consumer.position(queue);
}

/// Where --from is in a queue; an offset that it does not have is its nearest end.
Outcome<Place> place_of(PullConsumer& consumer, const Queue& queue, const StartPosition& from) {
  using Kind = StartPosition::Kind;
  switch (from.kind) {
    case Kind::first: return Place(End::first);
    case Kind::last: return Place(End::next);
    case Kind::time: return Place(std::chrono::system_clock::time_point(milliseconds(from.value)));
    case Kind::offset: break;
  }
  const auto first = offset_of(consumer, queue, End::first);
  if (!first) return first.error();
  const auto next = offset_of(consumer, queue, End::next);
  if (!next) return next.error();
  return Place(std::clamp(from.value, *first, std::max(*first, *next)));
}

/// Where a queue begins: at the group's offset; without group or offset, as --from says. A group's
/// begin is committed at once: a queue that this run does not get to must not begin at another
/// place the next time.
Outcome<void> begin(PullConsumer& consumer, const Queue& queue, const ConsumePlan& plan) {
  const bool kept = !plan.options.group.empty();
  if (kept) {
    const auto committed = consumer.committed(queue);
    if (!committed) return committed.error();
    if (*committed >= 0) return {};
  }
  const auto place = place_of(consumer, queue, plan.from);
  if (!place) return place.error();
  auto sought = consumer.seek(queue, *place);
  if (!sought || !kept) return sought;
  const auto position = consumer.position(queue);
  if (!position) return position.error();
  return consumer.commit({{queue, *position}});
}

/// One past the last message of each queue.
std::vector<Progress> behind(const PullConsumer::Messages& messages) {
  std::map<Queue, std::int64_t> next;
  for (const ReceivedMessage& m : messages) next[m.queue()] = m.offset + 1;
  std::vector<Progress> all;
  all.reserve(next.size());
  for (const auto& [queue, offset] : next) all.push_back({queue, offset});
  return all;
}

Result<void> copy(PullConsumer& consumer, const ConsumePlan& plan, StopSignals& stop) {
  Consumed consumed(plan);
  while (!stop.arrived() && !consumed.full() && !consumed.idle()) {
    auto messages = consumer.poll(kLook);
    if (!messages) return fail(error_of(messages.error()));
    if (messages->empty()) continue;
    messages->resize(static_cast<std::size_t>(consumed.wanted(static_cast<int>(messages->size()))));
    SLUICE_CHECK(consumed.write(*messages));
    if (!plan.options.group.empty()) SLUICE_CHECK(result_of(consumer.commit(behind(*messages))));
  }
  return {};
}

}  // namespace

Result<void> consume_by_pull(const ConsumePlan& plan, StopSignals& stop) {
  const ConsumeOptions& options = plan.options;
  Client client(client_options(options.reach));
  if (!options.group.empty()) SLUICE_CHECK(refuse_company(client, options.group));
  PullConsumer consumer(
      client,
      {.group = options.group, .filters = {subscription_of(options)}, .auto_commit = false});
  SLUICE_CHECK(result_of(consumer.status()));
  const auto queues = consumer.queues_of(options.topic);
  if (!queues) return fail(error_of(queues.error()));
  SLUICE_CHECK(result_of(consumer.assign(*queues)));
  for (const Queue& queue : *queues) SLUICE_CHECK(result_of(begin(consumer, queue, plan)));
  return copy(consumer, plan, stop);
}

}  // namespace sluice::app
