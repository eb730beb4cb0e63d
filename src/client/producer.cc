#include "client/producer.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "base/os/system_clock.h"
#include "wire/record/properties.h"
#include "wire/remoting/requests/send.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;
namespace record = wire::record;

namespace {

constexpr std::int32_t kPermWrite = 2;
/// Stored, though with less than was asked for: flushed late, replica late, no replica.
constexpr std::int32_t kStoredCodes[] = {0, 10, 11, 12};

WallTime now() { return SystemClock().wall(); }

/// What another broker, or the same one with a fresh route, may not refuse.
bool worth_another(Errc code) {
  using enum Errc;
  constexpr Errc kOwnTrouble[] = {closed,        timed_out, busy,     topic_not_found,
                                  not_permitted, internal,  disk_full};
  return std::ranges::find(kOwnTrouble, code) != std::end(kOwnTrouble);
}

Result<std::string> property_text(const OutgoingMessage& message, const std::string& id) {
  std::string text;
  record::append_property(text, record::property::kUniqueKey, id);
  record::append_property(text, record::property::kWait, "true");
  if (!message.tag.empty()) record::append_property(text, record::property::kTags, message.tag);
  if (!message.keys.empty()) {
    record::append_property(text, record::property::kKeys,
                            fmt::format("{}", fmt::join(message.keys, " ")));
  }
  for (const auto& [name, value] : message.properties) {
    record::append_property(text, name, value);
  }
  const auto ends = static_cast<std::size_t>(std::ranges::count(text, record::kNameEnd));
  const std::size_t pairs = 2 + (message.tag.empty() ? 0 : 1) + (message.keys.empty() ? 0 : 1) +
                            message.properties.size();
  if (ends != pairs ||
      ends != static_cast<std::size_t>(std::ranges::count(text, record::kPairEnd))) {
    return fail(Errc::message_illegal, "properties cannot hold the characters 0x01 and 0x02");
  }
  return text;
}

}  // namespace

Producer::Producer(Cluster& cluster, ProducerOptions options)
    : cluster_(cluster),
      options_(std::move(options)),
      ids_({.address = {std::byte{127}, {}, {}, std::byte{1}}}, getpid(), std::random_device{}()) {}

Result<TopicRoute> Producer::route_for(const std::string& topic) {
  auto route = cluster_.route(topic);
  if (route || route.error().code() != Errc::topic_not_found || options_.default_topic.empty()) {
    return route;
  }
  auto model = cluster_.route(options_.default_topic);
  if (!model) return route;  // the topic that is missing is the one asked for
  for (QueueData& queues : model->queues) {
    queues.write_queues = std::min(queues.write_queues, options_.default_queues);
  }
  return model;
}

Result<std::vector<Producer::Target>> Producer::targets(const std::string& topic) {
  SLUICE_TRY(const TopicRoute route, route_for(topic));
  std::vector<Target> targets;
  for (const QueueData& queues : route.queues) {
    const auto broker =
        std::ranges::find(route.brokers, queues.broker_name, &BrokerData::broker_name);
    if ((queues.perm & kPermWrite) == 0 || broker == route.brokers.end()) continue;
    const auto master = broker->addresses.find(0);
    if (master == broker->addresses.end()) continue;
    for (std::int32_t id = 0; id < queues.write_queues; ++id) {
      targets.push_back({{topic, queues.broker_name, id}, master->second});
    }
  }
  if (targets.empty()) {
    return fail(Errc::not_permitted, fmt::format("topic {} has no queue that can be written: its "
                                                 "brokers are read-only or have no master",
                                                 topic));
  }
  // Brokers in turn, too: neighbours of the list lie on different ones.
  std::ranges::sort(
      targets, {}, [](const Target& t) { return std::tie(t.queue.queue_id, t.queue.broker_name); });
  return targets;
}

Result<Sent> Producer::send(const OutgoingMessage& message) {
  const std::string id = message.id.empty() ? ids_.next(now()) : message.id;
  SLUICE_TRY(const std::string properties, property_text(message, id));
  Result<Sent> result = fail(Errc::internal);
  std::string failed_broker;
  for (int attempt = 0; attempt < options_.attempts; ++attempt) {
    SLUICE_TRY(const std::vector<Target> all, targets(message.topic));
    const Target* target = &all[turn_++ % all.size()];
    for (std::size_t i = 0; i < all.size() && target->queue.broker_name == failed_broker; ++i) {
      target = &all[turn_++ % all.size()];
    }
    result = send_to(*target, message, id, properties);
    if (result || !worth_another(result.error().code())) return result;
    failed_broker = target->queue.broker_name;
    cluster_.forget_route(message.topic);
  }
  return result;
}

Result<Sent> Producer::send_to(const Target& target, const OutgoingMessage& message,
                               const std::string& id, const std::string& properties) {
  SendMessageV2 request;
  request.producer_group = options_.group;
  request.topic = message.topic;
  request.default_topic = options_.default_topic;
  request.default_topic_queues = options_.default_queues;
  request.queue_id = target.queue.queue_id;
  request.sys_flag = message.sys_flag;
  request.born_ms = unix_ms(now());
  request.properties = properties;
  request.broker_name = target.queue.broker_name;
  SLUICE_TRY(const Answer answer,
             cluster_.remoting().call(target.address, request, as_bytes(message.body),
                                      cluster_.timeout()));
  if (std::ranges::find(kStoredCodes, answer.command.code) == std::end(kStoredCodes)) {
    const auto refused = check(answer);
    return fail(refused.error().code(),
                fmt::format("{}: {}", target.address, refused.error().remark()));
  }
  SendMessageResponse response;
  SLUICE_CHECK(SendMessageResponse::Wire::decode(answer.command.ext, response));
  Sent sent{.queue = target.queue, .offset = response.queue_offset, .message_id = id};
  sent.queue.queue_id = response.queue_id;
  return sent;
}

}  // namespace sluice::client
