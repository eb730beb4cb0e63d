#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/connection.h"
#include "net/reactor.h"
#include "wire/remoting/command.h"

namespace sluice::doors {

/// A request that the broker makes of a client.
struct ClientRequest {
  std::int32_t code = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};

struct ClientAnswer {
  std::int32_t code = 0;
  std::string remark, body;
};

/// The broker's requests to one client that wait for their answers, by number.
class ClientCalls : public std::enable_shared_from_this<ClientCalls> {
 public:
  using Done = std::move_only_function<void(Result<ClientAnswer>)>;
  static constexpr std::size_t kCallsMax = 256;  ///< waiting at a time

  explicit ClientCalls(const std::shared_ptr<net::Connection>& connection)
      : connection_(connection) {}

  /// Any thread; `done` runs once, on the connection's reactor or at once on this thread. Errors:
  /// closed, timed_out, busy.
  void start(ClientRequest request, milliseconds timeout, Done done);
  /// Sends what wants no answer. Any thread.
  void tell(ClientRequest request);

  // The connection's reactor only:
  void answered(const wire::remoting::Command& command);
  /// The connection is gone: nothing will be answered.
  void closed();

 private:
  struct Call {
    Done done;
    std::unique_ptr<net::Timer> deadline;
  };
  void send(net::Connection& connection, const ClientRequest& request, milliseconds timeout,
            Done done);
  void finish(std::int32_t opaque, Result<ClientAnswer> answer);

  const std::weak_ptr<net::Connection> connection_;
  std::unordered_map<std::int32_t, Call> calls_;  // reactor's thread only
  std::int32_t opaque_ = 0;
};

}  // namespace sluice::doors
