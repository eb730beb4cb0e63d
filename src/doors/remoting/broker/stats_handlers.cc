#include <fmt/format.h>

#include "doors/remoting/broker/call.h"
#include "wire/remoting/bodies/common.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/topics.h"

/// How far queues have grown and groups have come.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

/// Store time of the message before `end`, or 0 when there is none.
std::int64_t time_before(BrokerCall& call, const store::Queue& queue, QueueOffset end) {
  if (end <= queue.min() || end > queue.max()) return 0;
  const auto time = call.broker().store().store_time(queue, end - 1);
  return time ? unix_ms(*time) : 0;
}

/// Store time of the first message at or after `next`, or 0 when there is none: since when a group
/// that has come to `next` has had something to read.
std::int64_t time_from(BrokerCall& call, const store::Queue& queue, QueueOffset next) {
  const QueueOffset first = std::max(next, queue.min());
  if (first >= queue.max()) return 0;
  const auto time = call.broker().store().store_time(queue, first);
  return time ? unix_ms(*time) : 0;
}

Result<void> topic_stats(BrokerCall& call, const GetTopicStats& request) {
  const auto topic = call.broker().topics().find(request.topic);
  if (!topic) return fail(Errc::topic_not_found, fmt::format("no topic {}", request.topic));
  const std::int32_t queues = std::max(topic->read_queues(), topic->write_queues());
  return call.ok_json([&](wire::json::Writer& out) {
    out.begin_object().key("offsetTable").begin_object();
    for (std::int32_t id = 0; id < queues; ++id) {
      const store::Queue& queue = *topic->queue(QueueId(id))->index;
      write(out, request.topic, call.broker().options().name, id);
      out.colon()
          .begin_object()
          .member("lastUpdateTimestamp", time_before(call, queue, queue.max()))
          .member("maxOffset", queue.max().value)
          .member("minOffset", queue.min().value)
          .end();
    }
    out.end().end();
  });
}

void write_progress(BrokerCall& call, wire::json::Writer& out, std::string_view group,
                    broker::Topic& topic) {
  for (std::int32_t id = 0; id < topic.read_queues(); ++id) {
    const store::Queue& queue = *topic.queue(QueueId(id))->index;
    const auto committed = call.broker().progress().committed(group, topic.name(), QueueId(id));
    const QueueOffset next = committed.value_or(QueueOffset(0));
    write(out, topic.name(), call.broker().options().name, id);
    out.colon()
        .begin_object()
        .member("brokerOffset", queue.max().value)
        .member("consumerOffset", next.value)
        .member("lastTimestamp", time_before(call, queue, next))
        .member("nextTimestamp", time_from(call, queue, next))  // not RocketMQ's: its tools skip it
        .member("pullOffset", next.value)
        .end();
  }
}

std::vector<std::string> topics_wanted(BrokerCall& call, const GetConsumeStats& request) {
  if (!request.topic.empty()) return {std::string(request.topic)};
  if (request.topics.empty()) return call.broker().progress().topics(request.group);
  std::vector<std::string> topics;
  for (std::string_view rest = request.topics; !rest.empty();) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    if (end > 0) topics.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return topics;
}

Result<void> consume_stats(BrokerCall& call, const GetConsumeStats& request) {
  return call.ok_json([&](wire::json::Writer& out) {
    out.begin_object().member("consumeTps", 0.0).key("offsetTable").begin_object();
    for (const std::string& name : topics_wanted(call, request)) {
      if (const auto topic = call.broker().topics().find(name)) {
        write_progress(call, out, request.group, *topic);
      }
    }
    out.end().end();
  });
}

constexpr BrokerRow kRows[] = {
    broker_row<GetTopicStats, topic_stats>(),
    broker_row<GetConsumeStats, consume_stats>(),
};

}  // namespace

std::span<const BrokerRow> stats_rows() { return kRows; }

}  // namespace sluice::doors
