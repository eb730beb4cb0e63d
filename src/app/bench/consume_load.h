#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <sluice/push_consumer.h>

#include "app/bench/meter.h"

/// Consuming as fast as messages come.
namespace sluice::app {

struct ConsumeLoadOptions {
  ClientOptions client;
  PushConsumerOptions consumer;  ///< all but the listener
  int consumers = 1;             ///< members of the group, each a client of its own
  /// Not 0: only messages that begin with a TimeStamp of this run count, with the time from when
  /// they were due to their receipt.
  std::uint64_t stamp_run = 0;
};

/// Consumes from construction to stop().
class ConsumeLoad {
 public:
  /// Counts into `meter`, which must outlive this object.
  ConsumeLoad(const ConsumeLoadOptions& options, Meter& meter);
  ~ConsumeLoad();
  ConsumeLoad(const ConsumeLoad&) = delete;
  ConsumeLoad& operator=(const ConsumeLoad&) = delete;

  Outcome<void> status() const;  ///< of the first member whose options are refused
  std::size_t queues() const;    ///< that the members have now
  void stop();

 private:
  struct Member {
    Member(const ClientOptions& client_options, PushConsumerOptions options)
        : client(client_options), consumer(client, std::move(options)) {}
    Client client;
    PushConsumer consumer;
  };
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace sluice::app
