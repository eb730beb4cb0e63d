#include "client/consuming/decode.h"

#include <fmt/format.h>

#include "wire/compression.h"
#include "wire/record/message_id.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"

namespace sluice::client {

namespace record = wire::record;
namespace property = record::property;

namespace {

constexpr std::size_t kBodyBytesMax = 128 << 20;  // what a body may grow to
constexpr std::string_view kRetryPrefix = "%RETRY%";

/// What the views of a batch point into.
struct Batch {
  Answer answer;
  std::string broker;
  std::vector<std::unique_ptr<Buffer>> unpacked;
  std::vector<std::unique_ptr<std::string>> topics;
};

std::chrono::system_clock::time_point at(std::int64_t ms) {
  return std::chrono::system_clock::time_point(milliseconds(ms));
}

void unpack(ReceivedMessage& message, Batch& batch) {
  if ((message.sys_flag & record::kCompressed) == 0) return;
  auto plain = wire::decompress(message.sys_flag, as_bytes(message.body), kBodyBytesMax);
  message.still_packed = !plain;
  if (!plain) return;
  batch.unpacked.push_back(std::make_unique<Buffer>(std::move(*plain)));
  message.body = as_text(batch.unpacked.back()->bytes());
}

void show_in_space(ReceivedMessage& message, Batch& batch, const Names& names) {
  std::string topic(message.topic);
  names.strip(topic);
  if (topic.size() == message.topic.size()) return;
  batch.topics.push_back(std::make_unique<std::string>(std::move(topic)));
  message.topic = *batch.topics.back();
}

ReceivedMessage from_record(const record::Decoded& found, Batch& batch) {
  const record::Message& message = found.message;
  ReceivedMessage out{
      .topic = message.topic,
      .broker = batch.broker,
      .queue_id = message.queue.value,
      .offset = found.placement.offset.value,
      .body = as_text(message.body),
      .properties = message.properties,
      .born = at(message.born_ms),
      .stored = at(found.placement.store_ms),
      .attempt = message.reconsume_times,
      .sys_flag = message.sys_flag,
      .position = found.placement.position.value,
      .offset_id = record::message_id(found.placement.store_host, found.placement.position),
      .owner = nullptr};
  if (out.topic.starts_with(kRetryPrefix)) {
    const auto first = record::find_property(out.properties, property::kRetryTopic);
    if (!first.empty()) out.topic = first;
  }
  unpack(out, batch);
  return out;
}

}  // namespace

Result<std::vector<ReceivedMessage>> decode_batch(Answer answer, const std::string& broker,
                                                  const Names& names) {
  const auto batch = std::make_shared<Batch>(std::move(answer), broker);
  std::vector<ReceivedMessage> messages;
  for (Bytes body = batch->answer.command.body; !body.empty();) {
    const record::Scan scan = record::scan(body, record::CrcCheck::verify);
    if (scan.kind != record::Scan::Kind::record) {
      return fail(Errc::corrupt,
                  fmt::format("broker {} sent a damaged message, {} bytes before the end of its "
                              "answer: {}",
                              broker, body.size(), scan.problem));
    }
    messages.push_back(from_record(scan.record, *batch));
    messages.back().owner = batch;
    if (!names.name_space().empty()) show_in_space(messages.back(), *batch, names);
    body = body.subspan(static_cast<std::size_t>(scan.record.size));
  }
  return messages;
}

}  // namespace sluice::client

namespace sluice {

namespace property = wire::record::property;

std::string_view ReceivedMessage::property(std::string_view name) const {
  return wire::record::find_property(properties, name);
}
std::vector<std::pair<std::string_view, std::string_view>> ReceivedMessage::all_properties() const {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  for (wire::record::PropertyCursor c(properties); c.next();) all.emplace_back(c.name(), c.value());
  return all;
}
std::string_view ReceivedMessage::tag() const { return property(property::kTags); }
std::string_view ReceivedMessage::keys() const { return property(property::kKeys); }
std::string_view ReceivedMessage::id() const {
  const std::string_view own = property(property::kUniqueKey);
  return own.empty() ? std::string_view(offset_id) : own;
}

}  // namespace sluice
