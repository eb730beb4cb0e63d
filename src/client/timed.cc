#include "client/timed.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "client/producing/recall_handle.h"
#include "wire/json/reader.h"
#include "wire/remoting/requests/send.h"
#include "wire/remoting/requests/timers.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;
namespace json = wire::json;

namespace {

constexpr std::size_t kPage = 500;

TimedMessage read_message(const json::Value& value, const std::string& broker) {
  return {.broker = broker,
          .topic = json::text(value, "topic"),
          .id = json::text(value, "id"),
          .queue = static_cast<std::int32_t>(json::integer(value, "queue")),
          .due_ms = json::integer(value, "due"),
          .stored_ms = json::integer(value, "stored"),
          .body_bytes = json::integer(value, "bytes"),
          .handle = json::text(value, "handle")};
}

/// Whether the broker tells at all.
Result<bool> add_messages(Cluster& cluster, const std::string& address, const std::string& topic,
                          std::int64_t from_ms, std::size_t max, std::vector<TimedMessage>& all) {
  ListTimedMessages request{.topic = topic, .from_ms = from_ms};
  for (std::size_t found = 0; found < max;) {
    request.max = static_cast<std::int32_t>(std::min(kPage, max - found));
    SLUICE_TRY(const Answer answer,
               cluster.remoting().call(address, request, {}, cluster.timeout()));
    if (answer.command.code == kNotSupported) return false;
    SLUICE_CHECK(check(answer));
    SLUICE_TRY(const json::Value page, json::parse(as_text(answer.command.body)));
    for (const json::Value& value : json::array(page, "messages")) {
      all.push_back(read_message(value, json::text(page, "broker")));
      ++found;
    }
    const json::Value& next = json::object(page, "next");
    if (next.empty()) break;
    request.from_ms = json::integer(next, "from");
    request.from_position = json::integer(next, "fromPosition");
  }
  return true;
}

}  // namespace

Result<std::vector<TimedMessage>> timed_messages(Cluster& cluster, const std::string& topic,
                                                 std::int64_t from_ms, std::size_t max) {
  SLUICE_TRY(const ClusterInfo info, cluster.info());
  std::vector<TimedMessage> all;
  bool told = false;
  for (const BrokerData& broker : info.brokers) {
    const auto master = broker.addresses.find(0);
    if (master == broker.addresses.end()) continue;
    SLUICE_TRY(const bool one, add_messages(cluster, master->second, topic, from_ms, max, all));
    told = told || one;
  }
  if (!told) {
    return fail(Errc::unsupported,
                "no master broker lists its timed messages: Sluice's do, others do not");
  }
  std::ranges::sort(all, {}, [](const TimedMessage& message) {
    return std::tuple(message.due_ms, message.stored_ms, std::string_view(message.id));
  });
  if (all.size() > max) all.resize(max);
  return all;
}

Result<std::string> recall(Cluster& cluster, const std::string& handle) {
  SLUICE_TRY(const RecallHandle parsed, parse_recall_handle(handle));
  SLUICE_TRY(const std::string address, cluster.broker_address(parsed.topic, parsed.broker));
  const RecallMessage request{
      .producer_group = "sluice", .topic = parsed.topic, .handle = handle, .broker_name = {}};
  SLUICE_TRY(const Answer answer, cluster.remoting().call(address, request, {}, cluster.timeout()));
  SLUICE_CHECK(check(answer));
  return std::string(answer.command.ext.get("msgId"));
}

}  // namespace sluice::client
