#include "app/bench/consume_load.h"

#include <chrono>

#include "app/bench/produce_load.h"

namespace sluice::app {
namespace {

using std::chrono::steady_clock;

Listener counting(Meter& meter) {
  return [&meter](std::span<const ReceivedMessage> messages) {
    for (const ReceivedMessage& message : messages) meter.message(message.body.size());
    return Verdict{};
  };
}

Listener timing(Meter& meter, std::uint64_t run) {
  return [&meter, run](std::span<const ReceivedMessage> messages) {
    const auto now = steady_clock::now().time_since_epoch();
    for (const ReceivedMessage& message : messages) {
      TimeStamp stamp;
      if (!TimeStamp::read(message.body, run, stamp)) continue;
      meter.message(message.body.size(), now - std::chrono::nanoseconds(stamp.due_ns));
    }
    return Verdict{};
  };
}

}  // namespace

ConsumeLoad::ConsumeLoad(const ConsumeLoadOptions& options, Meter& meter) {
  for (int i = 0; i < options.consumers; ++i) {
    PushConsumerOptions consumer = options.consumer;
    consumer.listener = options.stamp_run == 0 ? counting(meter) : timing(meter, options.stamp_run);
    members_.push_back(std::make_unique<Member>(options.client, std::move(consumer)));
  }
}

ConsumeLoad::~ConsumeLoad() { stop(); }

Outcome<void> ConsumeLoad::status() const {
  for (const auto& member : members_) {
    if (auto status = member->consumer.status(); !status) return status;
  }
  return {};
}

std::size_t ConsumeLoad::queues() const {
  std::size_t sum = 0;
  for (const auto& member : members_) sum += member->consumer.queues().size();
  return sum;
}

void ConsumeLoad::stop() {
  for (const auto& member : members_) member->consumer.close();
}

}  // namespace sluice::app
