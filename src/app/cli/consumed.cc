#include "app/cli/consumed.h"

#include <cstdio>

#include "base/os/system_clock.h"

namespace sluice::app {
namespace {

std::int64_t ms_of(std::chrono::system_clock::time_point time) {
  return std::chrono::floor<milliseconds>(time).time_since_epoch().count();
}

client::Received received(const ReceivedMessage& message) {
  client::Received out{.queue = {.topic = std::string(message.topic),
                                 .broker_name = std::string(message.broker),
                                 .queue_id = message.queue_id},
                       .offset = message.offset,
                       .body = std::string(message.body),
                       .still_compressed = message.still_packed,
                       .properties = {},
                       .message_id = std::string(message.id()),
                       .lies_at = message.offset_id,
                       .born_host = {},
                       .born_ms = ms_of(message.born),
                       .store_ms = ms_of(message.stored),
                       .reconsume_times = message.attempt,
                       .sys_flag = message.sys_flag};
  const auto properties = message.all_properties();
  out.properties.assign(properties.begin(), properties.end());
  return out;
}

}  // namespace

Consumed::Consumed(const ConsumePlan& plan)
    : format_(plan.format),
      count_(plan.options.count),
      idle_seconds_(plan.options.idle_seconds),
      last_(SystemClock().steady()) {}

Result<void> Consumed::write(std::span<const ReceivedMessage> messages) {
  for (const ReceivedMessage& message : messages) {
    const std::string text = format_.write(received(message));
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  if (std::fflush(stdout) != 0) return fail(Errc::io_error, "standard output cannot be written");
  written_ += std::ssize(messages);
  last_ = SystemClock().steady();
  return {};
}

int Consumed::wanted(int most) const {
  return count_ > 0 ? static_cast<int>(std::min<std::int64_t>(most, count_ - written_)) : most;
}

bool Consumed::idle() const {
  const auto quiet = SystemClock().steady() - last_;
  return idle_seconds_ > 0 && quiet >= std::chrono::seconds(idle_seconds_);
}

}  // namespace sluice::app
