#include "client/producing/outgoing.h"

#include <algorithm>

#include <fmt/format.h>

#include "wire/compression.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"
#include "wire/remoting/batch.h"

namespace sluice::client {

namespace record = wire::record;
namespace property = record::property;

namespace {

constexpr std::size_t kTopicMax = 127;
constexpr std::string_view kReply = "reply";

struct CodecRow {
  Compression compression;
  wire::Codec codec;
};
constexpr CodecRow kCodecs[] = {{Compression::zlib, wire::Codec::zlib},
                                {Compression::lz4, wire::Codec::lz4},
                                {Compression::zstd, wire::Codec::zstd}};

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
  if (message.delay_level != 0 && (message.deliver_at || message.deliver_after)) {
    return fail(Errc::message_illegal,
                "a message has a delay_level or a time of delivery, not both");
  }
  if (message.deliver_at && message.deliver_after) {
    return fail(Errc::message_illegal, "a message has deliver_at or deliver_after, not both");
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

void append_times(std::string& text, const Message& message) {
  const auto add = [&](std::string_view name, auto number) {
    record::append_property(text, name, std::to_string(number));
  };
  if (message.delay_level > 0) add(property::kDelay, message.delay_level);
  if (message.deliver_after) add(property::kTimerDelayMs, message.deliver_after->count());
  if (message.deliver_at) {
    const auto at = std::chrono::floor<milliseconds>(*message.deliver_at);
    add(property::kTimerDeliverMs, at.time_since_epoch().count());
  }
}

std::string joined(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& key : keys) {
    if (!text.empty()) text += ' ';
    text += key;
  }
  return text;
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
  add(property::kKeys, joined(message.keys));
  add(property::kShardingKey, message.sharding_key);
  append_times(text, message);
  return text;
}

Result<void> fits(const Outgoing& out) {
  if (out.properties.size() <= record::kPropertiesBytesMax) return {};
  return fail(Errc::message_illegal,
              fmt::format("tags, keys and properties of {} bytes; {} are allowed",
                          out.properties.size(), record::kPropertiesBytesMax));
}

bool is_delayed(const Message& message) {
  return message.delay_level > 0 || message.deliver_at || message.deliver_after;
}

void pack(Outgoing& out, const ProducerOptions& options) {
  std::string& body = out.message.body;
  if (options.compress_above == 0 || body.size() < options.compress_above) return;
  const auto* row = std::ranges::find(kCodecs, options.compression, &CodecRow::compression);
  const Buffer packed = wire::compress(row->codec, as_bytes(body));
  if (packed.empty() || packed.size() >= body.size()) return;
  body.assign(as_text(packed.bytes()));
  out.sys_flag |= record::kCompressed | std::to_underlying(row->codec);
}

/// All but the compression.
Result<Outgoing> ready(Message message, std::string id, const ProducerOptions& options) {
  SLUICE_CHECK(check(message, options));
  Outgoing out;
  out.properties = property_text(message, id);
  SLUICE_CHECK(fits(out));
  if (record::find_property(out.properties, property::kMessageType) == kReply) {
    out.carrier = Carrier::reply;
  }
  out.id = std::move(id);
  out.message = std::move(message);
  return out;
}

}  // namespace

Result<Outgoing> prepare(Message message, std::string id, const ProducerOptions& options) {
  SLUICE_TRY(Outgoing out, ready(std::move(message), std::move(id), options));
  pack(out, options);
  return out;
}

Result<Outgoing> prepare_half(Message message, std::string id, const ProducerOptions& options,
                              const std::string& group) {
  if (is_delayed(message)) {
    return fail(Errc::message_illegal, "a message of a transaction cannot be delayed");
  }
  SLUICE_TRY(Outgoing out, prepare(std::move(message), std::move(id), options));
  record::append_property(out.properties, property::kTransaction, "true");
  record::append_property(out.properties, property::kProducerGroup, group);
  SLUICE_CHECK(fits(out));
  out.sys_flag |= record::kTransactionPrepared;
  return out;
}

bool may_join(const Outgoing& one) {
  return one.carrier == Carrier::single && one.sys_flag == 0 && !is_delayed(one.message);
}

Outgoing join(const std::vector<const Outgoing*>& members, std::string id) {
  Outgoing out;
  out.carrier = Carrier::batch;
  out.message.topic = members.front()->message.topic;
  Buffer batch;
  for (const Outgoing* one : members) {
    wire::remoting::append(batch,
                           {.properties = one->properties, .body = as_bytes(one->message.body)});
    out.batch_ids.push_back(one->id);
  }
  out.message.body.assign(as_text(batch.bytes()));
  record::append_property(out.properties, property::kUniqueKey, id);
  record::append_property(out.properties, property::kWait, "true");
  out.id = std::move(id);
  return out;
}

Result<Outgoing> prepare_batch(std::vector<Message> messages, std::vector<std::string> ids,
                               const ProducerOptions& options) {
  std::vector<Outgoing> ready_ones;
  std::vector<const Outgoing*> members;
  ready_ones.reserve(messages.size());
  if (messages.empty()) return fail(Errc::message_illegal, "a batch of no messages");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    SLUICE_TRY(Outgoing one, ready(std::move(messages[i]), ids[i], options));
    if (!may_join(one)) {
      return fail(Errc::message_illegal, "a delayed message or a reply cannot be one of a batch");
    }
    if (i > 0 && one.message.topic != ready_ones.front().message.topic) {
      return fail(Errc::message_illegal,
                  fmt::format("a batch has one topic, not {} and {}",
                              ready_ones.front().message.topic, one.message.topic));
    }
    ready_ones.push_back(std::move(one));
    members.push_back(&ready_ones.back());
  }
  Outgoing out = join(members, std::move(ids.back()));
  if (out.message.body.size() <= options.max_message_bytes) return out;
  return fail(Errc::message_too_large,
              fmt::format("a batch of {} bytes; max_message_bytes of the producer is {}: make it "
                          "smaller",
                          out.message.body.size(), options.max_message_bytes));
}

}  // namespace sluice::client
