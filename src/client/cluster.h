#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "client/remoting.h"
#include "wire/remoting/bodies/route.h"
#include "wire/remoting/bodies/topic_table.h"

/// A cluster seen through its name servers, and administration of its topics.
/// A cluster from outside: its routes, topics and brokers, as name servers and brokers tell them.
namespace sluice::client {

using wire::remoting::BrokerData;
using wire::remoting::ClusterInfo;
using wire::remoting::MessageQueue;
using wire::remoting::QueueData;
using wire::remoting::TopicConfig;
using wire::remoting::TopicRoute;

struct ClusterOptions {
  std::vector<std::string> name_servers;  ///< "host:port"; asked in this order
  milliseconds timeout = kCallTimeout;    ///< of each request
};

/// `a:1;b:2` or `a:1,b:2` as namesrvAddr has it. Errors: invalid_argument naming the part.
Result<std::vector<std::string>> parse_name_servers(std::string_view text);

/// What one queue of a topic holds.
struct QueueStats {
  MessageQueue queue;
  std::int64_t min_offset = 0;
  std::int64_t max_offset = 0;  ///< of the next message
  std::int64_t last_update_ms = 0;
};

/// A cluster as seen through its name servers: routes, topics, brokers. Waits for answers; use it
/// on any thread but the reactor's. Routes are kept until forget_route().
///
/// Every call may fail with closed or timed_out (nobody can be reached; the remark names the
/// addresses) and with what the server refuses (its remark).
class Cluster {
 public:
  Cluster(Remoting& remoting, ClusterOptions options);

  /// Errors: topic_not_found.
  Result<TopicRoute> route(const std::string& topic);
  void forget_route(const std::string& topic);
  Result<ClusterInfo> info();
  /// Sorted.
  Result<std::vector<std::string>> topics();

  /// Creates or changes the topic at every master of `cluster`; empty: of every cluster. Errors:
  /// not_found, when there is no such cluster or no master in it.
  Result<void> put_topic(const TopicConfig& topic, const std::string& cluster = {});
  /// Deletes it at every broker and name server. Errors: topic_not_found.
  Result<void> delete_topic(const std::string& topic);
  /// The topic's configuration at one broker.
  Result<TopicConfig> topic_config(const std::string& topic, const std::string& broker_address);
  /// All queues, sorted by broker and number. Errors: topic_not_found.
  Result<std::vector<QueueStats>> topic_stats(const std::string& topic);
  /// Readable queues, sorted. Errors: topic_not_found.
  Result<std::vector<MessageQueue>> readable_queues(const std::string& topic);
  /// Where to reach a broker for a topic: its master, or else the smallest replica.
  /// Errors: not_found.
  Result<std::string> broker_address(const std::string& topic, const std::string& broker_name);

  Remoting& remoting() { return remoting_; }
  milliseconds timeout() const { return options_.timeout; }

 private:
  template <class Request>
  Result<Answer> ask_name_server(const Request& request);
  std::vector<std::string> masters(const ClusterInfo& info, const std::string& cluster) const;

  Remoting& remoting_;
  const ClusterOptions options_;
  std::mutex mutex_;
  std::map<std::string, TopicRoute> routes_;
};

/// Calls a server and turns its refusal into an error that names it.
template <class Request>
Result<Answer> ask(Remoting& remoting, const std::string& address, const Request& request,
                   Bytes body = {}, milliseconds timeout = kCallTimeout) {
  SLUICE_TRY(Answer answer, remoting.call(address, request, body, timeout));
  if (auto ok = check(answer); !ok) {
    return fail(ok.error().code(), address + ": " + std::string(Request::kName) + ": " +
                                       std::string(ok.error().remark()));
  }
  return answer;
}

}  // namespace sluice::client
