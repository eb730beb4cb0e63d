#include "client/finder.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include <fmt/format.h>

#include "net/address.h"
#include "wire/record/keys.h"
#include "wire/record/message_id.h"
#include "wire/record/properties.h"
#include "wire/remoting/requests/find.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;
namespace record = wire::record;

namespace {

bool matches(const Received& message, const KeySearch& search) {
  if (message.queue.topic != search.topic) return false;
  if (search.by_unique_id) return message.message_id == search.key;
  return record::has_word(message.property(record::property::kKeys), search.key);
}

Result<std::vector<Received>> ask_broker(Cluster& cluster, const std::string& broker_name,
                                         const std::string& address, const KeySearch& search) {
  const QueryMessage request{.topic = search.topic,
                             .key = search.key,
                             .max_messages = search.max,
                             .begin = search.from_ms,
                             .end = search.to_ms,
                             .by_unique_key = search.by_unique_id};
  SLUICE_TRY(const Answer answer, cluster.remoting().call(address, request, {}, cluster.timeout()));
  if (answer.command.code == kQueryNotFound) return std::vector<Received>{};
  if (auto ok = check(answer); !ok) {
    return fail(ok.error().code(),
                fmt::format("{}: QUERY_MESSAGE: {}", address, ok.error().remark()));
  }
  SLUICE_TRY(auto messages, decode_messages(answer.command.body, broker_name));
  std::erase_if(messages, [&search](const Received& m) { return !matches(m, search); });
  return messages;
}

/// The broker that listens there, for people; else the address itself.
std::string broker_name_at(Cluster& cluster, const std::string& address) {
  const auto info = cluster.info();
  if (!info) return address;
  for (const BrokerData& broker : info->brokers) {
    for (const auto& [id, at] : broker.addresses) {
      if (at == address) return broker.broker_name;
    }
  }
  return address;
}

}  // namespace

Result<std::vector<Received>> find_by_key(Cluster& cluster, const KeySearch& search) {
  SLUICE_TRY(const TopicRoute route, cluster.route(search.topic));
  std::vector<Received> all;
  for (const BrokerData& broker : route.brokers) {
    SLUICE_TRY(const std::string address, cluster.broker_address(search.topic, broker.broker_name));
    SLUICE_TRY(auto found, ask_broker(cluster, broker.broker_name, address, search));
    std::ranges::move(found, std::back_inserter(all));
  }
  std::ranges::sort(all, {}, [](const Received& m) { return std::tie(m.store_ms, m.lies_at); });
  return all;
}

Result<Received> message_at(Cluster& cluster, const std::string& id) {
  const auto parts = record::parse_message_id(id);
  if (!parts) {
    return fail(Errc::invalid_argument,
                fmt::format("{}: expected 32 hexadecimal digits, or 56 for IPv6, that hold address "
                            "and log position",
                            id));
  }
  const record::Host& host = parts->store_host;
  const std::string address =
      net::Address{
          .bytes = host.address, .v6 = host.v6, .port = static_cast<std::uint16_t>(host.port)}
          .text();
  const ViewMessage request{.position = parts->position.value};
  SLUICE_TRY(const Answer answer, cluster.remoting().call(address, request, {}, cluster.timeout()));
  const std::string name = broker_name_at(cluster, address);
  auto messages = check(answer) ? decode_messages(answer.command.body, name)
                                : Result<std::vector<Received>>(std::vector<Received>{});
  if (messages && messages->size() == 1) return std::move(messages->front());
  return fail(Errc::not_found,
              fmt::format("{} has no message at {}: {}", address, parts->position.value,
                          messages ? answer.command.remark : messages.error().remark()));
}

}  // namespace sluice::client
