#include "broker/half_messages.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/numbers.h"
#include "wire/record/properties.h"

namespace sluice::broker {

using namespace wire::record;

namespace {

constexpr std::string_view kMarkTag = "d";
constexpr std::string_view kMarkProperties =
    "TAGS\x01"
    "d\x02";

}  // namespace

std::string half_properties(std::string_view properties, std::string_view topic, QueueId queue) {
  std::string text(properties);
  if (const auto key = find_property(properties, property::kUniqueKey); !key.empty()) {
    set_property(text, property::kTransactionId, key);
  }
  set_property(text, property::kRealTopic, topic);
  set_property(text, property::kRealQueue, std::to_string(queue.value));
  return text;
}

std::optional<milliseconds> patience_of(std::string_view properties) {
  const auto seconds =
      parse_number<std::int32_t>(find_property(properties, property::kCheckImmunity));
  if (!seconds || *seconds < 0) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

Result<HalfMessage> read_half(const store::MessageStore& store, LogPosition position) {
  const auto missing = [position] {
    return fail(Errc::not_found,
                fmt::format("no half message lies at {} of the log", position.value));
  };
  auto bytes = store.read_record(position);
  if (!bytes && bytes.error().code() == Errc::io_error) return fail(std::move(bytes.error()));
  if (!bytes) return missing();
  const Scan found = scan(bytes->bytes, CrcCheck::skip);
  if (found.kind != Scan::Kind::record || found.record.message.topic != kHalfTopic) {
    return missing();
  }
  const std::string_view properties = found.record.message.properties;
  const auto number = [properties](std::string_view name) {
    return std::max(parse_number<std::int32_t>(find_property(properties, name)).value_or(0), 0);
  };
  return HalfMessage{.bytes = std::move(*bytes),
                     .record = found.record,
                     .group = find_property(properties, property::kProducerGroup),
                     .topic = find_property(properties, property::kRealTopic),
                     .unique_key = find_property(properties, property::kUniqueKey),
                     .queue = QueueId(number(property::kRealQueue)),
                     .patience = patience_of(properties),
                     .checks = number(property::kCheckTimes)};
}

Result<store::Pending> record_from(const HalfMessage& half, std::string_view topic,
                                   store::Queue& index, std::int32_t transaction_bits,
                                   const Host& store_host) {
  const Message& message = half.record.message;
  store::Pending pending{.queue = &index,
                         .message = message,
                         .tags_code = tags_code(find_property(message.properties, property::kTags)),
                         .crc = half.record.crc};
  pending.message.topic = topic;
  pending.message.queue = index.id();
  pending.message.sys_flag = (message.sys_flag & ~kTransactionRollback) | transaction_bits;
  pending.message.prepared = half.record.placement.position;
  SLUICE_TRY(pending.size, encoded_size(pending.message, store_host));
  return pending;
}

Result<std::string> encode_for_check(const HalfMessage& half) {
  Message message = half.record.message;
  message.topic = half.topic;
  message.queue = half.queue;
  SLUICE_TRY(const std::int32_t size, encoded_size(message, half.record.placement.store_host));
  std::string text(static_cast<std::size_t>(size), '\0');
  encode(message, half.record.placement, half.record.crc,
         reinterpret_cast<std::byte*>(text.data()));
  return text;
}

Result<store::Pending> mark_record(std::string_view body, store::Queue& index, WallTime now,
                                   const Host& store_host) {
  store::Pending pending{.queue = &index, .tags_code = tags_code(kMarkTag)};
  pending.message.topic = kMarkTopic;
  pending.message.queue = index.id();
  pending.message.born_ms = unix_ms(now);
  pending.message.born_host = store_host;
  pending.message.body = as_bytes(body);
  pending.message.properties = kMarkProperties;
  SLUICE_TRY(pending.size, encoded_size(pending.message, store_host));
  pending.crc = body_crc(pending.message.body);
  return pending;
}

void append_mark(std::string& body, QueueOffset half) {
  body += std::to_string(half.value);
  body += ',';
}

}  // namespace sluice::broker
