#include "client/group_admin.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "client/oldest_unread.h"
#include "wire/json/reader.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/pull.h"

namespace sluice::client {

using namespace wire::remoting;
namespace json = wire::json;

namespace {

constexpr std::string_view kRetryPrefix = "%RETRY%";

/// Tags in order, so that `b||a` is `a || b`; other expressions as they are.
std::string normal(std::string_view expression) {
  std::set<std::string> tags;
  for (std::string_view rest = expression; !rest.empty();) {
    const std::size_t end = std::min(rest.find("||"), rest.size());
    std::string_view tag = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
    const std::size_t first = tag.find_first_not_of(' ');
    if (first == tag.npos) continue;
    tag = tag.substr(first, tag.find_last_not_of(' ') - first + 1);
    tags.emplace(tag);
  }
  std::string text;
  for (const std::string& tag : tags) text += (text.empty() ? "" : " || ") + tag;
  return text.empty() ? "*" : text;
}

/// What a client says of itself: the queues it has, and what it subscribes to.
void read_running(const json::Value& info, const GroupMember& member, GroupState& state,
                  std::map<std::string, std::string>& subscriptions) {
  for (const char* table : {"mqTable", "mqPopTable"}) {
    for (const auto& [key, process] : json::object(info, table).items()) {
      const auto parsed = json::parse(key);
      if (!parsed || json::boolean(process, "droped")) continue;
      const MessageQueue name = read_message_queue(*parsed);
      for (GroupQueue& queue : state.queues) {
        const bool same = queue.queue.topic == name.topic &&
                          queue.queue.broker_name == name.broker_name &&
                          queue.queue.queue_id == name.queue_id;
        if (!same) continue;
        queue.owner += (queue.owner.empty() ? "" : ", ") + member.client_id;
      }
    }
  }
  for (const json::Value& s : json::array(info, "subscriptionSet")) {
    subscriptions[json::text(s, "topic")] = json::text(s, "subString", "*");
  }
}

}  // namespace

std::vector<GroupDifference> GroupState::differences() const {
  std::set<std::string> topics;
  for (const GroupMember& member : members) {
    for (const auto& [topic, expression] : member.subscriptions) {
      if (!topic.starts_with(kRetryPrefix)) topics.insert(topic);
    }
  }
  std::vector<GroupDifference> all;
  for (const std::string& topic : topics) {
    GroupDifference difference{.topic = topic, .filters = {}};
    for (const GroupMember& member : members) {
      if (member.subscriptions.empty()) continue;  // it does not say
      const auto found = member.subscriptions.find(topic);
      difference.filters[found == member.subscriptions.end() ? "" : normal(found->second)]
          .push_back(member.client_id);
    }
    if (difference.filters.size() > 1) all.push_back(std::move(difference));
  }
  return all;
}

Result<std::vector<GroupAdmin::Master>> GroupAdmin::masters() {
  SLUICE_TRY(const ClusterInfo info, cluster_.info());
  std::vector<Master> masters;
  for (const BrokerData& broker : info.brokers) {
    const auto master = broker.addresses.find(0);
    if (master != broker.addresses.end()) masters.push_back({broker.broker_name, master->second});
  }
  if (masters.empty()) return fail(Errc::not_found, "no master broker is registered");
  return masters;
}

Result<std::map<std::string, int>> GroupAdmin::list() {
  SLUICE_TRY(const auto brokers, masters());
  std::map<std::string, std::set<std::string>> members;
  for (const Master& broker : brokers) {
    SLUICE_TRY(const Answer all,
               ask(cluster_.remoting(), broker.address, GetAllGroups{}, {}, cluster_.timeout()));
    SLUICE_TRY(const json::Value value, json::parse(as_text(all.command.body)));
    for (const auto& [name, config] : json::object(value, "subscriptionGroupTable").items()) {
      GetConsumerConnections request;
      request.group = name;
      auto& online = members[name];
      SLUICE_TRY(const Answer answer,
                 cluster_.remoting().call(broker.address, request, {}, cluster_.timeout()));
      if (!check(answer)) continue;  // nobody is online there
      SLUICE_TRY(const json::Value body, json::parse(as_text(answer.command.body)));
      for (const json::Value& c : json::array(body, "connectionSet")) {
        online.insert(json::text(c, "clientId"));
      }
    }
  }
  std::map<std::string, int> groups;
  for (const auto& [name, online] : members) groups[name] = static_cast<int>(online.size());
  return groups;
}

Result<std::vector<GroupQueue>> GroupAdmin::progress(const std::string& group, bool ages) {
  SLUICE_TRY(const auto brokers, masters());
  std::vector<GroupQueue> queues;
  GetConsumeStats request;
  request.group = group;
  for (const Master& broker : brokers) {
    SLUICE_TRY(const Answer answer,
               cluster_.remoting().call(broker.address, request, {}, cluster_.timeout()));
    if (!check(answer)) continue;  // Apache's refuse groups that they do not know
    SLUICE_TRY(const json::Value value, json::parse(as_text(answer.command.body)));
    for (const auto& [key, row] : json::object(value, "offsetTable").items()) {
      SLUICE_TRY(const json::Value queue, json::parse(key));
      GroupQueue& one =
          queues.emplace_back(GroupQueue{.queue = read_message_queue(queue),
                                         .owner = {},
                                         .committed = json::integer(row, "consumerOffset"),
                                         .end = json::integer(row, "brokerOffset"),
                                         .unread_since = {}});
      if (one.lag() == 0 || row.contains("nextTimestamp")) {
        one.unread_since = json::integer(row, "nextTimestamp");
      } else if (ages) {
        one.unread_since = oldest_unread(cluster_, broker.address, one);
      }
    }
  }
  std::ranges::sort(queues, {}, [](const GroupQueue& q) {
    return std::tie(q.queue.topic, q.queue.broker_name, q.queue.queue_id);
  });
  return queues;
}

Result<void> GroupAdmin::add_members(const std::string& group, GroupState& state) {
  SLUICE_TRY(const auto brokers, masters());
  GetConsumerConnections request;
  request.group = group;
  for (const Master& broker : brokers) {
    SLUICE_TRY(const Answer answer,
               cluster_.remoting().call(broker.address, request, {}, cluster_.timeout()));
    if (!check(answer)) continue;
    SLUICE_TRY(const json::Value value, json::parse(as_text(answer.command.body)));
    state.model = json::text(value, "messageModel");
    state.type = json::text(value, "consumeType");
    for (const json::Value& c : json::array(value, "connectionSet")) {
      const std::string id = json::text(c, "clientId");
      if (std::ranges::find(state.members, id, &GroupMember::client_id) != state.members.end()) {
        continue;
      }
      state.members.push_back({.client_id = id,
                               .address = json::text(c, "clientAddr"),
                               .language = json::text(c, "language"),
                               .version = static_cast<std::int32_t>(json::integer(c, "version")),
                               .subscriptions = {}});
      for (const auto& [topic, expression] : json::object(c, "subscriptions").items()) {
        if (!expression.is_string()) continue;
        state.members.back().subscriptions[topic] = expression.get<std::string>();
      }
    }
  }
  std::ranges::sort(state.members, {}, &GroupMember::client_id);
  return {};
}

/// Old clients do not answer; then their queues have no owner here.
void GroupAdmin::ask_members(const std::string& group, GroupState& state) {
  const auto brokers = masters();
  if (!brokers) return;
  for (GroupMember& member : state.members) {
    GetRunningInfo request;
    request.group = group;
    request.client_id = member.client_id;
    for (const Master& broker : *brokers) {
      const auto answer = cluster_.remoting().call(broker.address, request, {}, cluster_.timeout());
      if (!answer || !check(*answer)) continue;
      const auto info = json::parse(as_text(answer->command.body));
      if (info) read_running(*info, member, state, member.subscriptions);
      break;
    }
  }
}

Result<GroupState> GroupAdmin::describe(const std::string& group) {
  GroupState state;
  state.name = group;
  SLUICE_TRY(state.queues, progress(group, true));
  SLUICE_CHECK(add_members(group, state));
  if (state.queues.empty() && state.members.empty()) {
    SLUICE_TRY(const auto groups, list());
    if (!groups.contains(group)) {
      return fail(Errc::group_not_found, fmt::format("no broker knows a group {}", group));
    }
  }
  ask_members(group, state);
  return state;
}

Result<void> GroupAdmin::reset(const std::string& group, const MessageQueue& queue,
                               std::int64_t offset) {
  ResetOffset request;
  request.group = group;
  request.topic = queue.topic;
  request.queue_id = queue.queue_id;
  request.offset = offset;
  SLUICE_TRY(const std::string address, cluster_.broker_address(queue.topic, queue.broker_name));
  SLUICE_TRY(const Answer answer,
             ask(cluster_.remoting(), address, request, {}, cluster_.timeout()));
  static_cast<void>(answer);
  return {};
}

Result<void> GroupAdmin::remove(const std::string& group) {
  SLUICE_TRY(const auto groups, list());
  if (!groups.contains(group)) {
    return fail(Errc::group_not_found, fmt::format("no broker knows a group {}", group));
  }
  SLUICE_TRY(const auto brokers, masters());
  DeleteGroup request;
  request.group = group;
  request.clean_offset = true;
  for (const Master& broker : brokers) {
    SLUICE_TRY(const Answer answer,
               cluster_.remoting().call(broker.address, request, {}, cluster_.timeout()));
    // A broker that has no such group is as it should be.
    if (auto done = check(answer); !done && done.error().code() != Errc::group_not_found) {
      return done;
    }
  }
  return {};
}

}  // namespace sluice::client
