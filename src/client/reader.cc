#include "client/reader.h"

#include <condition_variable>
#include <deque>
#include <ranges>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/os/system_clock.h"
#include "net/address.h"
#include "wire/compression.h"
#include "wire/record/message_id.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;
namespace record = wire::record;

namespace {

constexpr std::size_t kBodyBytesMax = 128 << 20;  // what a body may grow to
/// The broker answers a held pull at the latest after the hold; then the network needs its time.
constexpr milliseconds kHoldMargin{15'000};

SteadyTime now() { return SystemClock().steady(); }

std::string host_text(const record::Host& host) {
  return net::Address{
      .bytes = host.address, .v6 = host.v6, .port = static_cast<std::uint16_t>(host.port)}
      .text();
}

Received from_record(const record::Decoded& found, const std::string& broker_name) {
  const record::Message& message = found.message;
  Received out{.queue = {std::string(message.topic), broker_name, message.queue.value},
               .offset = found.placement.offset.value,
               .body = std::string(as_text(message.body)),
               .properties = {},
               .message_id = {},
               .lies_at = record::message_id(found.placement.store_host, found.placement.position),
               .born_host = host_text(message.born_host),
               .born_ms = message.born_ms,
               .store_ms = found.placement.store_ms,
               .reconsume_times = message.reconsume_times,
               .sys_flag = message.sys_flag};
  for (record::PropertyCursor c(message.properties); c.next();) {
    out.properties.emplace_back(c.name(), c.value());
  }
  out.message_id = out.property(record::property::kUniqueKey);
  if (out.message_id.empty()) out.message_id = out.lies_at;
  if ((message.sys_flag & record::kCompressed) == 0) return out;
  if (auto plain = wire::decompress(message.sys_flag, message.body, kBodyBytesMax)) {
    out.body = as_text(plain->bytes());
  } else {
    out.still_compressed = true;
  }
  return out;
}

bool unreachable(Errc code) {
  return code == Errc::closed || code == Errc::timed_out || code == Errc::busy;
}

}  // namespace

std::string_view Received::property(std::string_view name) const {
  for (const auto& [key, value] : properties | std::views::reverse) {
    if (key == name) return value;
  }
  return {};
}

Result<std::vector<Received>> decode_messages(Bytes body, const std::string& broker_name) {
  std::vector<Received> messages;
  while (!body.empty()) {
    const record::Scan scan = record::scan(body, record::CrcCheck::verify);
    if (scan.kind != record::Scan::Kind::record) {
      return fail(Errc::corrupt,
                  fmt::format("broker {} sent a damaged message, {} bytes before the end of its "
                              "answer: {}",
                              broker_name, body.size(), scan.problem));
    }
    messages.push_back(from_record(scan.record, broker_name));
    body = body.subspan(static_cast<std::size_t>(scan.record.size));
  }
  return messages;
}

/// Where answers arrive: also after the reader is gone.
struct Reader::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::pair<std::size_t, Result<Answer>>> answers;
};

struct Reader::Queue {
  MessageQueue queue;
  std::int64_t offset = 0;
  bool pulling = false;
  SteadyTime not_before;
};

Reader::Reader(Cluster& cluster, ReaderOptions options)
    : cluster_(cluster), options_(std::move(options)), shared_(std::make_shared<Shared>()) {}

Reader::~Reader() = default;

void Reader::add(MessageQueue queue, std::int64_t offset) {
  queues_.push_back(std::make_unique<Queue>(
      Queue{.queue = std::move(queue), .offset = offset, .not_before = {}}));
}

void Reader::pull_idle() {
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    if (!queues_[i]->pulling && queues_[i]->not_before <= now()) pull(i, *queues_[i]);
  }
}

void Reader::pull(std::size_t index, Queue& queue) {
  queue.pulling = true;
  const auto arrived = [shared = shared_, index](Result<Answer> answer) {
    const std::lock_guard lock(shared->mutex);
    shared->answers.emplace_back(index, std::move(answer));
    shared->changed.notify_all();
  };
  auto address = cluster_.broker_address(queue.queue.topic, queue.queue.broker_name);
  if (!address) return arrived(fail(std::move(address.error())));
  PullMessage request;
  request.group = options_.group;
  request.topic = queue.queue.topic;
  request.queue_id = queue.queue.queue_id;
  request.queue_offset = queue.offset;
  request.max_messages = options_.batch;
  request.sys_flag = kPullSuspend | kPullSubscription;
  request.suspend_ms = options_.hold.count();
  request.subscription = options_.expression;
  request.broker_name = queue.queue.broker_name;
  cluster_.remoting().start(*address, request, {}, options_.hold + kHoldMargin, arrived);
}

Result<std::vector<Received>> Reader::next(milliseconds wait) {
  const SteadyTime deadline = now() + wait;
  std::vector<Received> messages;
  for (;;) {
    pull_idle();
    std::deque<std::pair<std::size_t, Result<Answer>>> answers;
    {
      std::unique_lock lock(shared_->mutex);
      const auto left = std::min(deadline - now(), options_.retry);
      shared_->changed.wait_for(lock, left, [&] { return !shared_->answers.empty(); });
      answers = std::exchange(shared_->answers, {});
    }
    for (auto& [index, answer] : answers) {
      SLUICE_CHECK(settle(*queues_[index], std::move(answer), messages));
    }
    if (!messages.empty()) {
      pull_idle();  // the next ones travel while the caller looks at these
      return messages;
    }
    if (now() >= deadline) return messages;
  }
}

Result<void> Reader::settle(Queue& queue, Result<Answer> answer, std::vector<Received>& messages) {
  queue.pulling = false;
  if (!answer) {
    if (!unreachable(answer.error().code()) && answer.error().code() != Errc::not_found) {
      return fail(std::move(answer.error()));
    }
    cluster_.forget_route(queue.queue.topic);
    queue.not_before = now() + options_.retry;
    return {};
  }
  const Command& command = answer->command;
  constexpr std::int32_t kGoOn[] = {kSuccess, kPullNotFound, kPullRetryImmediately,
                                    kPullOffsetMoved};
  if (std::ranges::find(kGoOn, command.code) == std::end(kGoOn)) {
    auto refused = check(*answer);
    return settle(queue, fail(std::move(refused.error())), messages);
  }
  const auto next = parse_number<std::int64_t>(command.ext.get("nextBeginOffset"));
  if (!next) {
    return fail(Errc::malformed, fmt::format("broker {} answered a pull without nextBeginOffset",
                                             queue.queue.broker_name));
  }
  queue.offset = *next;
  if (command.code != kSuccess) return {};
  SLUICE_TRY(std::vector<Received> found, decode_messages(command.body, queue.queue.broker_name));
  std::ranges::move(found, std::back_inserter(messages));
  return {};
}

}  // namespace sluice::client
