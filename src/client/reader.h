#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/cluster.h"

namespace sluice::client {

/// A message as it was read.
struct Received {
  MessageQueue queue;
  std::int64_t offset = 0;
  std::string body;               ///< inflated, when it was sent compressed with zlib
  bool still_compressed = false;  ///< in a way that is not known, or damaged
  std::vector<std::pair<std::string, std::string>> properties;  ///< in the sender's order
  std::string message_id;  ///< the sender's unique id; else where the message lies
  std::string lies_at;     ///< the id that says where the message lies
  std::string born_host;   ///< host:port of the sender
  std::int64_t born_ms = 0, store_ms = 0;
  std::int32_t reconsume_times = 0;
  std::int32_t sys_flag = 0;  ///< as stored

  /// Empty when absent; the last of that name.
  std::string_view property(std::string_view name) const;
};

/// Reads the records of a pull answer. Errors: corrupt, which says where.
Result<std::vector<Received>> decode_messages(Bytes body, const std::string& broker_name);

struct ReaderOptions {
  std::string group = "TOOLS_CONSUMER";  ///< in whose name is read
  std::string expression = "*";          ///< tags: "*" or "a || b"
  std::int32_t batch = 32;               ///< messages of one pull, at most
  milliseconds hold{15'000};             ///< how long a broker keeps a pull that finds nothing
  milliseconds retry{1'000};             ///< pause after a broker could not be reached
};

/// Reads any number of queues at once: one pull per queue is always under way, and waits at the
/// broker for messages to come. At most one batch per queue is kept here. Offsets that a queue no
/// longer has move to where the broker says. One thread, not the reactor's.
class Reader {
 public:
  explicit Reader(Cluster& cluster, ReaderOptions options = {});
  ~Reader();

  /// Reads `queue` from `offset` on. Before the first next().
  void add(MessageQueue queue, std::int64_t offset);

  /// The next messages, in order within each queue; none after `wait`. Unreachable brokers are
  /// tried again, silently. Errors: what a broker refuses (topic_not_found, not_permitted, …),
  /// corrupt.
  Result<std::vector<Received>> next(milliseconds wait);

 private:
  struct Shared;
  struct Queue;
  void pull_idle();
  void pull(std::size_t index, Queue& queue);
  Result<void> settle(Queue& queue, Result<Answer> answer, std::vector<Received>& messages);

  Cluster& cluster_;
  const ReaderOptions options_;
  std::shared_ptr<Shared> shared_;
  std::vector<std::unique_ptr<Queue>> queues_;
};

}  // namespace sluice::client
