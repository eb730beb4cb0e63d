#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "client/reader.h"

namespace sluice::client {

/// A message taken under a lease, and what acknowledges it.
struct Popped {
  Received message;
  std::string broker_address, receipt;
};

struct PopperOptions {
  std::string group;               ///< shares the topic's messages among all that pop in its name
  std::string expression = "*";    ///< tags: "*" or "a || b"
  std::int32_t batch = 32;         ///< messages of one pop, at most 32
  milliseconds invisible{60'000};  ///< a message that is not acknowledged by then comes again
  bool from_first = false;    ///< where a new group begins: at the oldest message, or the newest
  bool ordered = false;       ///< each queue's messages go out one batch after the other
  milliseconds hold{10'000};  ///< how long a broker keeps a pop that finds nothing
  milliseconds retry{1'000};  ///< pause after a broker could not be reached
};

/// Takes a topic's messages from all its brokers, one pop at each under way. No heartbeat, no share
/// of queues: any number of these may work in one group. One thread, not the reactor's.
class Popper {
 public:
  Popper(Cluster& cluster, std::string topic, PopperOptions options);
  ~Popper();

  /// The next messages; none after `wait`. Unreachable brokers are tried again, silently. Errors:
  /// what a broker refuses, corrupt.
  Result<std::vector<Popped>> next(milliseconds wait);
  /// Waits until the brokers have taken the acknowledgements. Errors: the first refusal; the others
  /// have been tried all the same.
  Result<void> acknowledge(std::span<const Popped> messages);
  /// The messages come again at once, to whoever pops in the group. Errors: as acknowledge().
  Result<void> give_back(std::span<const Popped> messages);

 private:
  struct Shared;
  struct Source;
  Result<void> find_sources();
  void pop(std::size_t index);
  template <class Request>
  Result<void> tell(std::span<const Popped> messages, Request request);
  Result<void> settle(Source& source, Result<Answer> answer, std::vector<Popped>& messages);

  Cluster& cluster_;
  const std::string topic_;
  const PopperOptions options_;
  std::shared_ptr<Shared> shared_;
  std::vector<Source> sources_;
};

}  // namespace sluice::client
