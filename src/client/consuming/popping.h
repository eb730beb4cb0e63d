#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include <sluice/simple_consumer.h>

#include "client/consuming/interests.h"
#include "client/consuming/leases.h"
#include "client/engine/core.h"

namespace sluice::client {

/// What a SimpleConsumer does. Reactor's thread only, but for what is said otherwise.
class Popping final : public Participant, public std::enable_shared_from_this<Popping> {
 public:
  using Leases = std::vector<Lease>;
  using Done = std::move_only_function<void(Outcome<Leases>)>;

  Popping(std::shared_ptr<Core> core, SimpleConsumerOptions options);
  static Result<void> check(const SimpleConsumerOptions& options);
  static Result<void> check(const Receive& receive);

  void begin();
  Task<void> stop() override;
  void describe(wire::remoting::HeartbeatBody& heartbeat) const override;
  bool serve(const std::string& address, const Answer& request,
             const Remoting::Respond& respond) override;

  /// `endless`: waits however long it takes.
  void receive(const Receive& receive, bool endless, Done done);
  Task<Outcome<void>> acknowledge(Lease lease);
  Task<Outcome<void>> change(Lease lease, milliseconds invisible);

  Core& core() { return *core_; }  ///< any thread
  static const LeasePtr& state_of(const Lease& lease) { return lease.state_; }

 private:
  /// A topic at one of its brokers.
  struct Source {
    std::string topic, broker;
    int popping = 0;
    SteadyTime not_before{};
  };
  using SourcePtr = std::shared_ptr<Source>;
  struct Call {
    Receive receive;
    SteadyTime deadline;
    bool endless = false;
    std::set<const Source*> answered;
    Done done;
  };
  using CallPtr = std::shared_ptr<Call>;

  Introduction introduction() const;
  Task<void> find_sources();
  void refuse_without_topic();
  void serve_calls();
  void ask_brokers();
  Task<void> pop(SourcePtr source, CallPtr call);
  Result<bool> take_in(const Source& source, Result<Answer> answer, bool& unreachable);
  void end_calls();
  /// When the call ends with what there is; never: SteadyTime::max().
  SteadyTime over_at(const Call& call) const;
  void finish(const CallPtr& call, Outcome<Leases> outcome);
  Leases take(int most);
  void watch_deadlines();
  Task<Result<void>> change_now(LeasePtr lease, milliseconds invisible);
  Task<void> keep_renewed();
  Task<void> renew(LeasePtr lease, milliseconds invisible);
  Task<void> give_back(LeasePtr lease);

  const std::shared_ptr<Core> core_;
  const SimpleConsumerOptions options_;
  Interests interests_;
  std::vector<SourcePtr> sources_;
  std::deque<CallPtr> calls_;
  std::deque<LeasePtr> ready_;  ///< leased, and received by nobody yet
  std::multimap<SteadyTime, std::pair<std::weak_ptr<LeaseState>, milliseconds>> renewals_;
  net::Timer deadline_;
  Alarm renew_, refresh_;
  Latch loops_, stops_;
  Failure route_failure_;
  bool finding_ = false, stopping_ = false;
};

}  // namespace sluice::client
