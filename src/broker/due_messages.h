#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "broker/light_queues.h"
#include "broker/topics.h"
#include "store/message_store.h"

/// What delayed and timed messages have in common once their time has come: the record that waited
/// in a system topic is made a message of the queue that it was sent to. The new record names the
/// one it was made of (record::Message::prepared); what stays of that goes with the log.
namespace sluice::broker {

/// What a round of deliveries did.
struct Delivered {
  std::size_t count = 0;
  std::size_t lost = 0;  ///< could not be read or had no address: skipped
  bool more = false;     ///< call again at once
  LogPosition until;     ///< readers see the messages when the store has confirmed this
  std::vector<std::shared_ptr<Topic>> topics;  ///< keep the queues alive
  std::vector<TopicQueue*> queues;             ///< that have grown, once each
};

/// Thread: one, the deliverer's.
class DueMessages {
 public:
  DueMessages(store::MessageStore& store, Topics& topics, wire::record::Host store_host)
      : store_(store), topics_(topics), store_host_(store_host) {}

  struct Batch {
    std::vector<store::Pending> pending;
    std::vector<store::Slice> records;  ///< what `pending` has views of
    Spread spread;                      ///< the light queues that messages lie in, too
    std::size_t bytes = 0;
    Delivered out;
    /// About a megabyte.
    bool full() const;
    /// What was done, once it is.
    Delivered take_delivered();
  };
  /// Makes a message of the waiting record and puts it into the batch. False: it is lost (damaged,
  /// gone, without an address), which is counted. A topic that does not exist (it was removed, or a
  /// crash was faster than topics.json) is made again. Errors: io_error.
  Result<bool> take(LogPosition position, std::int32_t size, WallTime now, Batch& batch);

 private:
  Result<std::pair<Topic*, TopicQueue*>> target(std::string_view topic, QueueId id, WallTime now,
                                                Batch& batch);
  Result<std::shared_ptr<Topic>> make_topic(std::string_view name, QueueId id, WallTime now);
  Result<void> grow(const Topic& topic, QueueId id, WallTime now);

  store::MessageStore& store_;
  Topics& topics_;
  const wire::record::Host store_host_;
  std::set<std::string> made_;  // topics that were not there
};

}  // namespace sluice::broker
