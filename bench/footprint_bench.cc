// How soon does the server take a message, and how much memory of its own does it need?
//
// Starts the server on an empty store and measures the time from its start to the first successful
// send, its memory when idle, and its own memory (file cache not counted) after so many gibibytes
// were written and read.
//
// Usage: footprint_bench [GIBIBYTES = 10]

#include <chrono>
#include <string>

#include "server_process.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"

namespace {

using namespace sluice;
using namespace sluice::bench;
using namespace sluice::wire::remoting;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr const char* kTopic = "bench";
constexpr std::int64_t kBodyBytes = 16 << 10, kAtOnce = 64;

SendMessageV2 request_to_send() {
  SendMessageV2 request;
  request.producer_group = "bench";
  request.topic = kTopic;
  request.default_topic = "TBW102";
  request.properties =
      "UNIQ_KEY\x01"
      "7F0000010000000000000000000000\x02";
  return request;
}

void write(Connection& connection, std::int64_t messages) {
  const std::string body(static_cast<std::size_t>(kBodyBytes), 'x');
  const SendMessageV2 request = request_to_send();
  for (std::int64_t sent = 0; sent < messages; sent += kAtOnce) {
    for (std::int64_t i = 0; i < kAtOnce; ++i) connection.add(request, as_bytes(body));
    connection.write();
    for (std::int64_t i = 0; i < kAtOnce; ++i)
      insist(connection.answer().code == 0, "a refused send");
  }
}

/// Gives how many bytes came.
std::int64_t read(Connection& connection) {
  PullMessage request;
  request.group = "bench";
  request.topic = kTopic;
  request.max_messages = 32;
  request.sys_flag = kPullSubscription;
  request.subscription = "*";
  std::int64_t bytes = 0;
  while (true) {
    connection.add(request);
    connection.write();
    const Command& answer = connection.answer();
    if (answer.code != 0) return bytes;
    bytes += static_cast<std::int64_t>(answer.body.size());
    request.queue_offset =
        parse_number<std::int64_t>(answer.ext.get("nextBeginOffset")).value_or(0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto gibibytes = argc > 1 ? parse_number<std::int64_t>(argv[1]).value_or(0) : 10;
  insist(gibibytes > 0, "usage: footprint_bench [GIBIBYTES]");
  const auto start = std::chrono::steady_clock::now();
  const Server server(std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() /
                      "sluice");
  Connection connection(milliseconds(1));
  connection.add(request_to_send(), as_bytes("first"));
  connection.write();
  insist(connection.answer().code == 0, "the first send was refused");
  const double first = Milliseconds(std::chrono::steady_clock::now() - start).count();
  fmt::print("start to first send  {:8.1f} ms\n", first);
  fmt::print("memory, idle         {:8.1f} MiB resident, {:.1f} MiB own\n",
             server.resident_mebibytes(), server.own_mebibytes());
  write(connection, (gibibytes << 30) / kBodyBytes);
  fmt::print("after {} GiB written  {:7.1f} MiB own\n", gibibytes, server.own_mebibytes());
  const std::int64_t bytes = read(connection);
  fmt::print("after {} GiB read     {:7.1f} MiB own\n", bytes >> 30, server.own_mebibytes());
}
