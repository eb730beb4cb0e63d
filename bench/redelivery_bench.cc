// How long after the end of its lease does a message come to a pop that waits?
//
// Starts the server on an empty store. 200 messages are popped one by one, each with an end of its
// lease of its own, and never acknowledged.
//
// Usage: redelivery_bench

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "server_process.h"
#include "wire/remoting/requests/pop.h"
#include "wire/remoting/requests/send.h"

namespace {

using namespace sluice;
using namespace sluice::bench;
using namespace sluice::wire::remoting;

void send(Connection& connection) {
  SendMessageV2 request;
  request.producer_group = "bench";
  request.topic = "leases";
  request.default_topic = "TBW102";
  request.default_topic_queues = 4;
  request.properties =
      "UNIQ_KEY\x01"
      "7F0000010000000000000000000000\x02";
  connection.add(request, as_bytes(std::string_view("hello")));
  connection.write();
  insist(connection.answer().code == 0, "a send was refused");
}

void add_pop(Connection& connection, std::int64_t count, std::int64_t invisible_ms) {
  PopMessage request;
  request.group = "leases";
  request.topic = "leases";
  request.max_messages = static_cast<std::int32_t>(count);
  request.invisible_ms = invisible_ms;
  request.poll_ms = 20'000;
  connection.add(request);
  connection.write();
}

void measure() {
  constexpr std::int64_t kMessages = 200, kFirstMs = 1'000, kStepMs = 7;
  Connection connection;
  for (std::int64_t i = 0; i < kMessages; ++i) send(connection);
  std::map<std::int64_t, std::int64_t> ends;  // by offset
  for (std::int64_t i = 0; i < kMessages; ++i) {
    const std::int64_t invisible = kFirstMs + i * kStepMs;
    add_pop(connection, 1, invisible);
    const Command& answer = connection.answer();
    insist(answer.code == 0, "a pop found nothing");
    ends[load_be<std::int64_t>(answer.body.data() + 20)] =
        parse_number<std::int64_t>(answer.ext.get("popTime")).value_or(0) + invisible;
  }
  std::vector<std::int64_t> late;
  while (std::cmp_less(late.size(), kMessages)) {
    add_pop(connection, 32, 600'000);
    const Command& answer = connection.answer();
    const std::int64_t now =
        unix_ms(std::chrono::floor<milliseconds>(std::chrono::system_clock::now()));
    if (answer.code != 0) continue;
    for (Bytes body = answer.body; !body.empty();) {
      late.push_back(now - ends[load_be<std::int64_t>(body.data() + 20)]);
      body = body.subspan(static_cast<std::size_t>(load_be<std::int32_t>(body.data())));
    }
  }
  std::ranges::sort(late);
  fmt::print(
      "redelivery: p50 {} ms, p99 {} ms, most {} ms after the end of the lease; soonest {} ms\n",
      late[late.size() / 2], late[late.size() * 99 / 100], late.back(), late.front());
}

}  // namespace

int main() {
  const Server server(std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() /
                      "sluice");
  measure();
}
