#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "broker/assignment.h"
#include "client/remoting.h"
#include "naming/name_server.h"
#include "net/address.h"

/// Where a broker learns which queues a topic has at other brokers.
namespace sluice::app {

/// The readable queues of topics over all brokers: as the name servers elsewhere tell, when there
/// are any; else as the name server of this process knows. What name servers tell is kept and asked
/// again after 30 s, on use. Thread-safe; no call waits.
class RouteSource {
 public:
  static constexpr milliseconds kRefresh{30'000};
  static constexpr milliseconds kRetry{1'000};       ///< after an answer without a route, or none
  static constexpr std::size_t kTopicsMax = 10'000;  ///< kept; beyond, all are forgotten

  /// `names`: the name server of this process, or null. The reactor must run until after the
  /// destructor.
  RouteSource(net::Reactor& reactor, const Clock& clock, const naming::NameServer* names,
              const std::vector<net::Endpoint>& servers);
  ~RouteSource();

  /// Nothing while it is not known, or when the topic is nowhere.
  std::optional<std::vector<broker::BrokerQueues>> find(std::string_view topic);

 private:
  struct Known {
    std::optional<std::vector<broker::BrokerQueues>> brokers;
    SteadyTime ask_again;
  };
  struct Shared;
  static void ask(const std::shared_ptr<Shared>& shared, std::string topic, std::size_t server);
  static void take(Shared& shared, const std::string& topic, const client::Answer& answer);
  static void retry_soon(Shared& shared, const std::string& topic, bool forget);
  std::optional<std::vector<broker::BrokerQueues>> find_here(std::string_view topic) const;

  const naming::NameServer* const names_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace sluice::app
