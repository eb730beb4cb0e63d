#pragma once

#include <atomic>
#include <memory>

#include "delivery/members.h"
#include "doors/remoting/broker/client_calls.h"
#include "net/connection.h"

namespace sluice::doors {

/// A remoting connection as delivery sees it. Any thread.
class ConnectionLink final : public delivery::Link {
 public:
  explicit ConnectionLink(const std::shared_ptr<net::Connection>& connection);
  void members_changed(std::string_view group) override;
  void check_transaction(const delivery::TransactionCheck& check) override;
  /// Requests to this client.
  const std::shared_ptr<ClientCalls>& calls() const { return calls_; }
  /// False while the client is being asked for its subscriptions already.
  bool begin_asking() { return !asking_.exchange(true); }
  void end_asking() { asking_ = false; }

 private:
  const std::weak_ptr<net::Connection> connection_;
  const std::shared_ptr<ClientCalls> calls_;
  std::atomic<bool> asking_{false};
};

}  // namespace sluice::doors
