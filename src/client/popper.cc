#include "client/popper.h"

#include <condition_variable>
#include <deque>
#include <map>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/os/system_clock.h"
#include "wire/remoting/requests/pop.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {

/// The broker answers a held pop at the latest after the hold; then the network needs its time.
constexpr milliseconds kHoldMargin{15'000};

SteadyTime now() { return SystemClock().steady(); }

bool unreachable(Errc code) {
  return code == Errc::closed || code == Errc::timed_out || code == Errc::busy;
}

/// `0 queue start;…` of a pop's answer: where each queue's messages start.
std::map<std::int32_t, std::string> starts_of(std::string_view text) {
  std::map<std::int32_t, std::string> starts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::size_t first = part.find(' '), last = part.rfind(' ');
    if (first == last) continue;
    const auto queue = parse_number<std::int32_t>(part.substr(first + 1, last - first - 1));
    if (queue && part.front() == '0') starts[*queue] = part.substr(last + 1);
  }
  return starts;
}

}  // namespace

/// Where answers arrive: also after the popper is gone.
struct Popper::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::pair<std::size_t, Result<Answer>>> answers;
};

/// One broker of the topic.
struct Popper::Source {
  std::string broker_name;
  bool popping = false;
  SteadyTime not_before;
  std::string address;
};

Popper::Popper(Cluster& cluster, std::string topic, PopperOptions options)
    : cluster_(cluster),
      topic_(std::move(topic)),
      options_(std::move(options)),
      shared_(std::make_shared<Shared>()) {}

Popper::~Popper() = default;

Result<void> Popper::find_sources() {
  SLUICE_TRY(const auto queues, cluster_.readable_queues(topic_));
  for (const MessageQueue& queue : queues) {
    if (!sources_.empty() && sources_.back().broker_name == queue.broker_name) continue;
    sources_.push_back({.broker_name = queue.broker_name, .not_before = {}, .address = {}});
  }
  return {};
}

void Popper::pop(std::size_t index) {
  Source& source = sources_[index];
  source.popping = true;
  const auto arrived = [shared = shared_, index](Result<Answer> answer) {
    const std::lock_guard lock(shared->mutex);
    shared->answers.emplace_back(index, std::move(answer));
    shared->changed.notify_all();
  };
  auto address = cluster_.broker_address(topic_, source.broker_name);
  if (!address) return arrived(fail(std::move(address.error())));
  source.address = *address;
  PopMessage request;
  request.group = options_.group;
  request.topic = topic_;
  request.max_messages = options_.batch;
  request.invisible_ms = options_.invisible.count();
  request.poll_ms = options_.hold.count();
  request.born_ms = unix_ms(SystemClock().wall());
  request.init_mode = options_.from_first ? 0 : 1;
  request.expression_type = "TAG";
  request.expression = options_.expression;
  request.ordered = options_.ordered;
  cluster_.remoting().start(*address, request, {}, options_.hold + kHoldMargin, arrived);
}

Result<std::vector<Popped>> Popper::next(milliseconds wait) {
  if (sources_.empty()) SLUICE_CHECK(find_sources());
  const SteadyTime deadline = now() + wait;
  std::vector<Popped> messages;
  do {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (!sources_[i].popping && sources_[i].not_before <= now()) pop(i);
    }
    std::deque<std::pair<std::size_t, Result<Answer>>> answers;
    {
      std::unique_lock lock(shared_->mutex);
      const auto left = std::min(deadline - now(), options_.retry);
      shared_->changed.wait_for(lock, left, [&] { return !shared_->answers.empty(); });
      answers = std::exchange(shared_->answers, {});
    }
    for (auto& [index, answer] : answers) {
      SLUICE_CHECK(settle(sources_[index], std::move(answer), messages));
    }
  } while (messages.empty() && now() < deadline);
  return messages;
}

Result<void> Popper::settle(Source& source, Result<Answer> answer, std::vector<Popped>& messages) {
  source.popping = false;
  if (!answer) {
    if (!unreachable(answer.error().code()) && answer.error().code() != Errc::not_found) {
      return fail(std::move(answer.error()));
    }
    cluster_.forget_route(topic_);
    source.not_before = now() + options_.retry;
    return {};
  }
  const Command& command = answer->command;
  const bool nothing = command.code == kPollingTimeout || command.code == kPollingFull ||
                       command.code == kPullNotFound;
  if (nothing) {
    if (command.code == kPollingFull) source.not_before = now() + options_.retry;
    return {};
  }
  SLUICE_CHECK(check(*answer));
  const auto starts = starts_of(command.ext.get("startOffsetInfo"));
  SLUICE_TRY(std::vector<Received> found, decode_messages(command.body, source.broker_name));
  for (Received& message : found) {
    const auto start = starts.find(message.queue.queue_id);
    if (start == starts.end()) {
      return fail(Errc::malformed, fmt::format("broker {} popped from queue {} and does not say "
                                               "where it started",
                                               source.broker_name, message.queue.queue_id));
    }
    const std::string receipt =
        fmt::format("{} {} {} {} 0 {} {} {}", start->second, command.ext.get("popTime"),
                    command.ext.get("invisibleTime"), command.ext.get("reviveQid"),
                    source.broker_name, message.queue.queue_id, message.offset);
    messages.push_back({std::move(message), source.address, receipt});
  }
  return {};
}

template <class Request>
Result<void> Popper::tell(std::span<const Popped> messages, Request request) {
  struct Waiting {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t left;
    Result<void> first;
  };
  const auto waiting = std::make_shared<Waiting>();
  waiting->left = messages.size();
  for (const Popped& popped : messages) {
    request.group = options_.group;
    request.topic = topic_;
    request.queue_id = popped.message.queue.queue_id;
    request.receipt = popped.receipt;
    request.offset = popped.message.offset;
    cluster_.remoting().start(
        popped.broker_address, request, {}, cluster_.timeout(), [waiting](Result<Answer> answer) {
          Result<void> done = answer ? check(*answer) : fail(std::move(answer.error()));
          const std::lock_guard lock(waiting->mutex);
          if (!done && waiting->first) waiting->first = std::move(done);
          if (--waiting->left == 0) waiting->changed.notify_all();
        });
  }
  std::unique_lock lock(waiting->mutex);
  waiting->changed.wait(lock, [&] { return waiting->left == 0; });
  return std::move(waiting->first);
}

Result<void> Popper::acknowledge(std::span<const Popped> messages) {
  return tell(messages, AckMessage{});
}

Result<void> Popper::give_back(std::span<const Popped> messages) {
  ChangeInvisibleTime request;
  request.invisible_ms = 1;
  return tell(messages, request);
}

}  // namespace sluice::client
