#include "client/producing/outgoing.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wire/record/properties.h"
#include "wire/record/record.h"
#include "wire/zlib.h"

namespace sluice::client {

namespace record = wire::record;
namespace property = record::property;

namespace {

constexpr std::int32_t kZlib = 0x300;
constexpr std::size_t kTopicMax = 127;
constexpr std::string_view kShardingKey = "__SHARDINGKEY";

bool carries(std::string_view text) {
  return text.find_first_of("\x01\x02") == std::string_view::npos;
}

Result<void> check(const Message& message, const ProducerOptions& options) {
  if (message.topic.empty() || message.topic.size() > kTopicMax) {
    return fail(Errc::invalid_name, fmt::format("a topic's name has 1 to {} bytes, not {}",
                                                kTopicMax, message.topic.size()));
  }
  if (message.body.empty()) {
    return fail(Errc::message_illegal, "a message needs a body of at least one byte");
  }
  if (message.body.size() > options.max_message_bytes) {
    return fail(Errc::message_too_large,
                fmt::format("a body of {} bytes; max_message_bytes of the producer is {}",
                            message.body.size(), options.max_message_bytes));
  }
  const bool blank = std::ranges::any_of(
      message.keys, [](const std::string& k) { return k.find(' ') != std::string::npos; });
  if (blank) return fail(Errc::message_illegal, "a key must not hold a blank: it divides keys");
  const auto pair_carries = [](const auto& p) {
    return carries(p.first) && carries(p.second) && !p.first.empty();
  };
  if (!std::ranges::all_of(message.properties, pair_carries) || !carries(message.tag) ||
      !std::ranges::all_of(message.keys, carries) || !carries(message.sharding_key)) {
    return fail(Errc::message_illegal,
                "tags, keys and properties cannot hold the characters 0x01 and 0x02, and a "
                "property needs a name");
  }
  return {};
}

std::string property_text(const Message& message, const std::string& id) {
  std::string text;
  for (const auto& [name, value] : message.properties) record::append_property(text, name, value);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) record::append_property(text, name, value);
  };
  add(property::kUniqueKey, id);
  add(property::kWait, "true");
  add(property::kTags, message.tag);
  add(property::kKeys, fmt::format("{}", fmt::join(message.keys, " ")));
  add(kShardingKey, message.sharding_key);
  if (message.delay_level > 0) add(property::kDelay, std::to_string(message.delay_level));
  if (message.deliver_at) {
    const auto at = std::chrono::floor<milliseconds>(*message.deliver_at);
    add(property::kTimerDeliverMs, std::to_string(at.time_since_epoch().count()));
  }
  return text;
}

}  // namespace

Result<Outgoing> prepare(Message message, std::string id, const ProducerOptions& options) {
  SLUICE_CHECK(check(message, options));
  Outgoing out;
  out.properties = property_text(message, id);
  if (out.properties.size() > record::kPropertiesBytesMax) {
    return fail(Errc::message_illegal,
                fmt::format("tags, keys and properties of {} bytes; {} are allowed",
                            out.properties.size(), record::kPropertiesBytesMax));
  }
  out.id = std::move(id);
  out.message = std::move(message);
  std::string& body = out.message.body;
  if (options.compress_above == 0 || body.size() < options.compress_above) return out;
  const Buffer packed = wire::deflate(as_bytes(body));
  if (packed.size() < body.size()) {
    body.assign(as_text(packed.bytes()));
    out.sys_flag |= record::kCompressed | kZlib;
  }
  return out;
}

}  // namespace sluice::client
