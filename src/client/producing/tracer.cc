#include "client/producing/tracer.h"

#include <array>

#include "wire/record/record.h"

namespace sluice::client {
namespace {

constexpr char kFieldEnd = '\x01', kRecordEnd = '\x02';
constexpr std::string_view kRegion = "DefaultRegion";
constexpr std::size_t kRecordsMax = 20, kBytesMax = 100'000;  // of one message
constexpr milliseconds kFlushEvery{1'000};

/// Java's MessageType, by number.
enum MessageType : int { kNormal = 0, kHalf = 1, kDelay = 3, kOrder = 4 };

int type_of(const Outgoing& out) {
  const Message& message = out.message;
  if ((out.sys_flag & wire::record::kTransactionPrepared) != 0) return kHalf;
  if (message.delay_level > 0 || message.deliver_at || message.deliver_after) return kDelay;
  return message.sharding_key.empty() ? kNormal : kOrder;
}

std::string ids_of(const Outgoing& out) {
  if (out.batch_ids.empty()) return out.id;
  std::string all;
  for (const std::string& id : out.batch_ids) all += (all.empty() ? "" : ",") + id;
  return all;
}

std::string keys_of(const Outgoing& out) {
  std::string all;
  for (const std::string& key : out.message.keys) all += (all.empty() ? "" : " ") + key;
  return all;
}

}  // namespace

std::string trace_record(const SendTrace& trace, const Outgoing& out,
                         const Result<Stored>& stored) {
  const std::array fields{std::string("Pub"),
                          std::to_string(trace.begun_ms),
                          std::string(kRegion),
                          trace.group,
                          out.message.topic,
                          ids_of(out),
                          out.message.tag,
                          keys_of(out),
                          trace.broker_address,
                          std::to_string(out.message.body.size()),
                          std::to_string(trace.took_ms),
                          std::to_string(type_of(out)),
                          stored ? stored->offset_ids : std::string("null"),
                          std::string(stored ? "true" : "false")};
  std::string record;
  for (const std::string& field : fields) {
    record += field;
    record += kFieldEnd;
  }
  record.back() = kRecordEnd;
  return record;
}

void Tracer::note(const SendTrace& trace, const Outgoing& out, const Result<Stored>& stored) {
  if (out.message.topic == kTraceTopic) return;
  if (records_.empty()) timer_.arm(kFlushEvery);
  records_ += trace_record(trace, out, stored);
  if (out.batch_ids.empty()) keys_.push_back(out.id);
  keys_.insert(keys_.end(), out.batch_ids.begin(), out.batch_ids.end());
  keys_.insert(keys_.end(), out.message.keys.begin(), out.message.keys.end());
  if (++count_ >= kRecordsMax || records_.size() >= kBytesMax) flush();
}

void Tracer::flush() {
  timer_.cancel();
  if (records_.empty()) return;
  count_ = 0;
  send_({.topic = std::string(kTraceTopic),
         .body = std::exchange(records_, {}),
         .keys = std::exchange(keys_, {})});
}

}  // namespace sluice::client
