#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/cluster.h"
#include "wire/record/message_id.h"

/// Sending messages, one by one.
/// Sending messages, one at a time, to whichever brokers have the topic.
namespace sluice::client {

struct OutgoingMessage {
  std::string topic;
  std::string body;
  std::string tag;                ///< may be empty
  std::vector<std::string> keys;  ///< without blanks: they are joined with one
  std::map<std::string, std::string> properties;
  std::string id{};           ///< of a message that is sent on; empty: a new one is made
  std::int32_t sys_flag = 0;  ///< of a body that is compressed already
};

struct Sent {
  MessageQueue queue;
  std::int64_t offset = 0;
  std::string message_id;  ///< unique; also stored with the message
};

struct ProducerOptions {
  std::string group = "CLIENT_INNER_PRODUCER";
  int attempts = 3;  ///< after a failure that another broker may not have
  /// Topics that no broker has are made like this one, which brokers offer for it; empty: never.
  std::string default_topic = "TBW102";
  std::int32_t default_queues = 4;
};

/// Sends messages, to the writable queues of a topic in turn. One thread.
class Producer {
 public:
  explicit Producer(Cluster& cluster, ProducerOptions options = {});

  /// Stored, by the broker's flush rule. After a broker that cannot be reached, or refuses for a
  /// reason of its own, the next attempt goes to another one if there is any; a message may then be
  /// stored twice. Errors: topic_not_found, not_permitted (no writable queue), message_illegal
  /// (also for property text that cannot be carried), closed, timed_out.
  Result<Sent> send(const OutgoingMessage& message);

 private:
  struct Target {
    MessageQueue queue;
    std::string address;
  };
  Result<TopicRoute> route_for(const std::string& topic);
  Result<std::vector<Target>> targets(const std::string& topic);
  Result<Sent> send_to(const Target& target, const OutgoingMessage& message, const std::string& id,
                       const std::string& properties);

  Cluster& cluster_;
  const ProducerOptions options_;
  wire::record::UniqueIds ids_;
  std::size_t turn_ = 0;
};

}  // namespace sluice::client
