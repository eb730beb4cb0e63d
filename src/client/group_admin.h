#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/cluster.h"

namespace sluice::client {

/// A member of a consumer group as brokers know it.
struct GroupMember {
  std::string client_id, address, language;
  std::int32_t version = 0;                          ///< RocketMQ's number of the client's version
  std::map<std::string, std::string> subscriptions;  ///< expression by topic
};

/// How far a group has come in one queue.
struct GroupQueue {
  MessageQueue queue;
  std::string owner;           ///< client id; empty: unknown, or nobody
  std::int64_t committed = 0;  ///< of the next message the group wants
  std::int64_t end = 0;        ///< of the next message to come
  /// When the oldest message that the group has not consumed was stored, ms since the epoch; 0:
  /// there is none; nothing: the broker does not say.
  std::optional<std::int64_t> unread_since;
  std::int64_t lag() const { return std::max<std::int64_t>(end - committed, 0); }
};

/// Members that filter one topic differently.
struct GroupDifference {
  std::string topic;
  /// Client ids by expression; the empty expression: not subscribed.
  std::map<std::string, std::vector<std::string>> filters;
};

struct GroupState {
  std::string name, model, type;  ///< model and type are empty while nobody is online
  std::vector<GroupMember> members;
  std::vector<GroupQueue> queues;
  std::vector<GroupDifference> differences() const;
};

/// Consumer groups of a cluster, Sluice's or Apache's: what they are and where they stand. Every
/// call asks all masters. Errors as Cluster's.
class GroupAdmin {
 public:
  explicit GroupAdmin(Cluster& cluster) : cluster_(cluster) {}

  /// Names of all groups that brokers have a configuration of, sorted; with their online members.
  Result<std::map<std::string, int>> list();
  /// Errors: group_not_found, when no broker knows it.
  Result<GroupState> describe(const std::string& group);
  /// Progress, without members and owners. Sluice's brokers say since when a group is behind;
  /// at Apache's the oldest unread message of each queue is looked at where `ages` are wanted.
  Result<std::vector<GroupQueue>> progress(const std::string& group, bool ages = false);
  /// Sends the group to `offset`; members that run go there.
  Result<void> reset(const std::string& group, const MessageQueue& queue, std::int64_t offset);
  /// Deletes configuration and progress. Errors: group_not_found.
  Result<void> remove(const std::string& group);

 private:
  struct Master {
    std::string name, address;
  };
  Result<std::vector<Master>> masters();
  Result<void> add_members(const std::string& group, GroupState& state);
  void ask_members(const std::string& group, GroupState& state);

  Cluster& cluster_;
};

}  // namespace sluice::client
