#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/serve/due_thread.h"
#include "app/serve/periodic.h"
#include "app/serve/registrar.h"
#include "app/serve/route_source.h"
#include "base/os/huge_pages.h"
#include "base/os/worker_pool.h"
#include "broker/broker.h"
#include "doors/remoting/broker/door.h"
#include "naming/name_server.h"
#include "net/reactor.h"
#include "store/message_store.h"

/// A broker as the program runs it: store, tables, door, registration and upkeep threads.
namespace sluice::app {

struct BrokerServiceOptions {
  broker::BrokerOptions broker;
  store::StoreOptions store;
  doors::BrokerDoorOptions door;
  std::string host;                         ///< brokerIP1; empty: as each client reaches it
  std::vector<net::Endpoint> name_servers;  ///< namesrvAddr: those elsewhere
  store::Retention retention;
  int cold_read_threads = 4;
};

/// A running broker: store, tables, door, registration, and what has to be done from time to time.
class BrokerService {
 public:
  /// `names`: the name server of this process, or null. Errors: those of MessageStore::open,
  /// Broker::load and net::Listener::open.
  static Result<std::unique_ptr<BrokerService>> start(net::ReactorPool& reactors, store::Disk& disk,
                                                      Clock& clock, naming::NameServer* names,
                                                      BrokerServiceOptions options);
  ~BrokerService();
  /// Takes the broker out of the name servers, closes connections, flushes and closes the store.
  /// Errors: io_error, disk_full: the last messages may not be flushed.
  Result<void> close();

  std::uint16_t port() const { return door_->port(); }
  broker::Broker& broker() { return *broker_; }

 private:
  BrokerService(Clock& clock, naming::NameServer* names, BrokerServiceOptions options);
  Result<void> open(net::ReactorPool& reactors, store::Disk& disk);
  void start_registration(net::ReactorPool& reactors);
  void start_upkeep();
  void register_in_process();
  void register_change(net::Reactor& reactor);
  void persist();
  void maintain_store();
  void maintain_timers();
  void drop_segments();
  void upkeep();

  Clock& clock_;
  naming::NameServer* const names_;
  BrokerServiceOptions options_;
  BrokerIdentity identity_;
  std::unique_ptr<store::MessageStore> store_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<RouteSource> routes_;
  std::unique_ptr<WorkerPool> cold_readers_;
  std::unique_ptr<doors::BrokerDoor> door_;
  std::unique_ptr<Registrar> registrar_;
  std::jthread flusher_;
  DueThread deliverer_, checker_;
  HugeHeap heap_;
  std::vector<std::unique_ptr<Periodic>> periodic_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> registration_is_slow_{false}, registration_posted_{false};
  std::optional<LogPosition> kept_below_;  ///< timed messages wait there; upkeep's own
};

}  // namespace sluice::app
