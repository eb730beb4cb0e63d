#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/producing/sending.h"
#include "net/reactor.h"

namespace sluice::client {

/// A send that has ended, as a trace tells it.
struct SendTrace {
  std::int64_t begun_ms = 0, took_ms = 0;
  std::string group;
  std::string broker_address;
};

/// The record of a send in Java's format. Pure. Source: apache/rocketmq
/// client/trace/TraceDataEncoder.java.
std::string trace_record(const SendTrace& trace, const Outgoing& out, const Result<Stored>& stored);

/// Gathers records and sends them together, each second or when many have come. Reactor's thread
/// only.
class Tracer {
 public:
  /// `send` gets a message for the trace topic.
  Tracer(net::Reactor& reactor, std::function<void(Message)> send)
      : send_(std::move(send)), timer_(reactor, [this] { flush(); }) {}

  void note(const SendTrace& trace, const Outgoing& out, const Result<Stored>& stored);
  void flush();

 private:
  const std::function<void(Message)> send_;
  std::string records_;
  std::vector<std::string> keys_;
  std::size_t count_ = 0;
  net::Timer timer_;
};

inline constexpr std::string_view kTraceTopic = "RMQ_SYS_TRACE_TOPIC";

}  // namespace sluice::client
