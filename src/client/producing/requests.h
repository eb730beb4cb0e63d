#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <sluice/producer.h>

#include "client/engine/core.h"
#include "client/producing/sending.h"

namespace sluice::client {

/// Messages that wait for a reply: sends each, and hands the reply over that a broker brings.
/// Reactor's thread only.
class Requests {
 public:
  /// Sends a message that has been prepared and tells what became of it.
  using Send =
      std::function<void(Message, milliseconds timeout, std::function<void(Result<Stored>)>)>;
  Requests(Core& core, Send send) : core_(core), send_(std::move(send)) {}

  Task<Result<ReceivedMessage>> ask(Message message, milliseconds timeout);
  /// A reply. False: nobody here waits for it.
  bool serve(const Answer& request, const Remoting::Respond& respond);
  /// Everything that waits ends with Errc::closed.
  void close();

 private:
  struct Waiting {
    explicit Waiting(net::Reactor& reactor) : alarm(reactor) {}
    Alarm alarm;
    Result<ReceivedMessage> outcome = fail(Errc::timed_out, "no consumer replied in time");
    bool over = false;
  };
  void end(const std::string& id, Result<ReceivedMessage> outcome);

  Core& core_;
  const Send send_;
  std::map<std::string, std::shared_ptr<Waiting>, std::less<>> waiting_;  ///< by correlation id
  bool closed_ = false;
  bool known_ = false;  ///< brokers have heard of this client, so replies find it
};

}  // namespace sluice::client
