#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "client/producing/sending.h"
#include "net/reactor.h"

namespace sluice::client {

/// Lets messages wait for others that go to the same place, to be sent in one request: until
/// batch_bytes have come together, or the first one has waited for `linger`. Messages to one place
/// stay in their order. Reactor's thread only.
class Batcher {
 public:
  struct Steps {
    std::function<std::string()> make_id;                  ///< of a batch
    std::function<void(std::unique_ptr<Sending>)> send;    ///< one request
    std::function<void(Sending&, Result<Stored>)> finish;  ///< of one message of a batch
    std::function<SteadyTime()> now;
  };
  Batcher(net::Reactor& reactor, const ProducerOptions& options, Steps steps);

  /// A message that may_join(); for `queue` if it names one, or else for any.
  void add(std::unique_ptr<Sending> one, std::optional<Queue> queue);
  /// Sends what waits, of one topic or of all.
  void flush(const std::string& topic);
  void flush();

 private:
  using Place = std::pair<std::string, std::optional<Queue>>;
  struct Group {
    std::vector<std::unique_ptr<Sending>> members;
    std::size_t bytes = 0;
    SteadyTime due;
  };
  void flush_due();
  void send(std::optional<Queue> queue, Group group);

  const milliseconds linger_;
  const std::size_t bytes_max_;
  const Steps steps_;
  std::map<Place, Group> groups_;
  net::Timer timer_;
  bool armed_ = false;
};

}  // namespace sluice::client
