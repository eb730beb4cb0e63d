#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "server_process.h"
#include "wire/remoting/requests/pop.h"
#include "wire/remoting/requests/pull.h"

/// The ways in which consume_bench's consumers empty a topic, each over a connection of its own.
namespace sluice::bench::consuming {

using wire::remoting::AckMessage;
using wire::remoting::BatchAckMessage;
using wire::remoting::Command;
using wire::remoting::PopMessage;
using wire::remoting::PullMessage;

inline constexpr int kConsumers = 10, kQueues = 8;
inline constexpr const char* kTopic = "bench";
inline constexpr std::int64_t kInvisibleMs = 20'000;
/// One message in so many, the first time.
inline constexpr std::int64_t kNeverAcknowledged = 100;

struct Place {
  std::int32_t queue;
  std::int64_t offset;
  std::int32_t attempts;
};

/// Queue, offset and reconsumeTimes of each record (hosts are IPv4 here).
inline void read_places(Bytes body, std::vector<Place>& places) {
  places.clear();
  while (!body.empty()) {
    const std::byte* const record = body.data();
    places.push_back({load_be<std::int32_t>(record + 12), load_be<std::int64_t>(record + 20),
                      load_be<std::int32_t>(record + 72)});
    body = body.subspan(static_cast<std::size_t>(load_be<std::int32_t>(record)));
  }
}

/// What the consumers have done so far, together.
struct Tally {
  std::atomic<std::int64_t> done{0}, again{0}, wrong{0};
};

inline void pull_all(int index, Tally& tally) {
  Connection connection;
  std::vector<Place> places;
  for (int queue = index; queue < kQueues; queue += kConsumers) {
    for (std::int64_t next = 0;; next += static_cast<std::int64_t>(places.size())) {
      PullMessage request;
      request.group = "pull";
      request.topic = kTopic;
      request.queue_id = queue;
      request.queue_offset = next;
      request.max_messages = 32;
      request.sys_flag = wire::remoting::kPullSubscription;
      request.subscription = "*";
      connection.add(request);
      connection.write();
      const Command& answer = connection.answer();
      if (answer.code != 0) break;
      read_places(answer.body, places);
      tally.done += static_cast<std::int64_t>(places.size());
    }
  }
}

inline void add_ack(Connection& connection, const char* group, const Place& place,
                    const std::string& popped) {
  const std::string receipt = fmt::format("{0} {1} {2} 0 0 broker-a {3} {0}", place.offset, popped,
                                          kInvisibleMs, place.queue);
  AckMessage ack;
  ack.group = group;
  ack.topic = kTopic;
  ack.queue_id = place.queue;
  ack.offset = place.offset;
  ack.receipt = receipt;
  connection.add(ack);
}

/// One acknowledgement for all `places` of a pop, which BATCH_ACK_MESSAGE takes as bits from an
/// offset on.
inline void add_batch_ack(Connection& connection, const char* group, std::span<const Place> places,
                          const std::string& popped) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string body;
  for (std::size_t i = 0; i < places.size();) {
    const auto [queue, start, attempts] = places[i];
    std::array<std::uint8_t, 129> bits{};
    std::size_t bytes = 0;
    for (; i < places.size() && places[i].queue == queue && places[i].offset - start < 1'000; ++i) {
      const auto bit = static_cast<std::size_t>(places[i].offset - start);
      bits[bit / 8] |= static_cast<std::uint8_t>(1U << bit % 8);
      bytes = bit / 8 + 1;
    }
    std::string text;
    for (std::size_t at = 0; at < bytes; at += 3) {
      const std::uint32_t three =
          static_cast<std::uint32_t>(bits[at] << 16 | bits[at + 1] << 8 | bits[at + 2]);
      for (int shift = 18; shift >= 0; shift -= 6) text += kLetters[three >> shift & 63];
    }
    body += fmt::format(
        R"({}{{"c":"{}","t":"{}","r":"0","so":{},"q":{},"rq":0,"pt":{},"it":{},"b":"{}"}})",
        body.empty() ? "" : ",", group, kTopic, start, queue, popped, kInvisibleMs, text);
  }
  connection.add(BatchAckMessage{},
                 as_bytes(fmt::format(R"({{"brokerName":"broker-a","acks":[{}]}})", body)));
}

inline void add_pop(Connection& connection, const char* group) {
  PopMessage request;
  request.group = group;
  request.topic = kTopic;
  request.max_messages = 32;
  request.invisible_ms = kInvisibleMs;
  request.poll_ms = 500;
  connection.add(request);
}

/// The messages that are acknowledged of those a pop brought.
inline void choose(std::vector<Place>& places, Tally& tally) {
  std::erase_if(places, [&tally](const Place& place) {
    const bool lost = place.offset % kNeverAcknowledged == 7;
    if (place.attempts > 0) ++(lost ? tally.again : tally.wrong);
    return lost && place.attempts == 0;
  });
}

/// As the Java client does, asks for the next messages while those before are worked on: the
/// acknowledgements leave together with the next pop.
inline void pop_all(const char* group, bool batch, std::int64_t wanted, Tally& tally) {
  Connection connection;
  std::vector<Place> places;
  add_pop(connection, group);
  connection.write();
  while (tally.done < wanted) {
    const Command& answer = connection.answer();
    const std::string popped(answer.ext.get("popTime"));
    places.clear();
    if (answer.code == 0) read_places(answer.body, places);
    choose(places, tally);
    if (batch && !places.empty()) {
      add_batch_ack(connection, group, places, popped);
    } else {
      for (const Place& place : places) add_ack(connection, group, place, popped);
    }
    const std::size_t acknowledged =
        batch ? std::min<std::size_t>(1, places.size()) : places.size();
    add_pop(connection, group);
    connection.write();
    for (std::size_t i = 0; i < acknowledged; ++i) {
      insist(connection.answer().code == 0, "a refused acknowledgement");
    }
    tally.done += static_cast<std::int64_t>(places.size());
  }
}

}  // namespace sluice::bench::consuming
