#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sluice/client.h>
#include <sluice/error.h>
#include <sluice/message.h>

/// Looking after a cluster: its topics, groups and offsets.
///
///   sluice::Admin admin(client);
///   auto made = admin.put_topic({.name = "orders", .read_queues = 8, .write_queues = 8});
namespace sluice {

namespace client {
class Core;
}

struct TopicSettings {
  std::string name;
  int read_queues = 16, write_queues = 16;  ///< on each broker
  bool readable = true, writable = true;
  std::map<std::string, std::string> attributes{};  ///< such as {"+message.type", "FIFO"}
};

/// What one queue holds.
struct QueueRange {
  Queue queue;
  std::int64_t first = 0;  ///< offset of the oldest message
  std::int64_t end = 0;    ///< offset of the next one to come
  std::chrono::system_clock::time_point updated;
};

struct BrokerInfo {
  std::string cluster, name;
  std::map<std::int64_t, std::string> addresses;  ///< by number: 0 is the master
};

struct GroupMember {
  std::string client_id, address, language;
  std::map<std::string, std::string> subscriptions;  ///< expression by topic
};

/// How far a group has come in one queue.
struct GroupProgress {
  Queue queue;
  std::string owner;           ///< client id; empty: unknown, or nobody
  std::int64_t committed = 0;  ///< offset of the next message that the group wants
  std::int64_t end = 0;        ///< offset of the next message to come
};

struct GroupInfo {
  std::string name;
  std::vector<GroupMember> members;  ///< online now
  std::vector<GroupProgress> progress;
};

/// Operations on all brokers of the clusters that the client's name servers know, Sluice's or
/// Apache's. Each call waits for its answers, and must not be made on the client's own thread.
/// Names are those of the client's namespace. Thread-safe.
///
/// Every call may fail with closed or timed_out (nobody can be reached; the remark names the
/// addresses) and with what a broker refuses (its remark).
class Admin {
 public:
  explicit Admin(Client& client) : core_(client.core()) {}

  Outcome<std::vector<BrokerInfo>> brokers();

  /// Sorted; of all namespaces.
  Outcome<std::vector<std::string>> topics();
  /// Creates or changes the topic at every master of `cluster`; empty: of every cluster.
  Outcome<void> put_topic(const TopicSettings& topic, const std::string& cluster = {});
  /// Errors: topic_not_found.
  Outcome<void> delete_topic(const std::string& topic);
  /// All queues, sorted. Errors: topic_not_found.
  Outcome<std::vector<QueueRange>> queues(const std::string& topic);
  /// Of the first message stored at that time or later; the queue's end when there is none.
  Outcome<std::int64_t> offset_at(const Queue& queue, std::chrono::system_clock::time_point time);

  /// Names, with how many members are online; of all namespaces.
  Outcome<std::map<std::string, int>> groups();
  /// Errors: group_not_found.
  Outcome<GroupInfo> group(const std::string& group);
  /// Deletes configuration and progress. Errors: group_not_found.
  Outcome<void> delete_group(const std::string& group);
  /// Where the group continues; nothing when it has never committed.
  Outcome<std::optional<std::int64_t>> committed(const std::string& group, const Queue& queue);
  /// Sends the group to an offset; members that run go there.
  Outcome<void> reset(const std::string& group, const Queue& queue, std::int64_t offset);

 private:
  std::shared_ptr<client::Core> core_;
};

}  // namespace sluice
