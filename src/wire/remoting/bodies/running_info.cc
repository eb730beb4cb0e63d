#include "wire/remoting/bodies/running_info.h"

namespace sluice::wire::remoting {
namespace {

void write_state(json::Writer& out, const QueueState& state) {
  write(out, state.queue.topic, state.queue.broker_name, state.queue.queue_id);
  out.colon()
      .begin_object()
      .member("cachedMsgCount", state.cached)
      .member("cachedMsgMaxOffset", state.last_cached)
      .member("cachedMsgMinOffset", state.first_cached)
      .member("cachedMsgSizeInMiB", state.cached_mib)
      .member("commitOffset", state.commit_offset)
      .member("droped", state.dropped)  // as RocketMQ spells it
      .member("lastConsumeTimestamp", state.consumed_ms)
      .member("lastLockTimestamp", state.locked_ms)
      .member("lastPullTimestamp", state.pulled_ms)
      .member("locked", state.locked)
      .end();
}

}  // namespace

void RunningInfo::encode(Buffer& to) const {
  json::Writer out(to);
  out.begin_object().key("mqTable").begin_object();
  for (const QueueState& state : queues) write_state(out, state);
  out.end().key("properties").begin_object();
  for (const auto& [name, value] : properties) out.member(name, std::string_view(value));
  out.end().key("subscriptionSet").begin_array();
  for (const SubscriptionData& s : subscriptions) write(out, s, {}, {});
  out.end().end();
}

void DirectResult::encode(Buffer& to) const {
  json::Writer out(to);
  out.begin_object()
      .member("autoCommit", true)
      .member("consumeResult", result)
      .member("order", orderly);
  if (!remark.empty()) out.member("remark", std::string_view(remark));
  out.member("spentTimeMills", spent_ms).end();
}

void write_offset_table(json::Writer& out, std::string_view name, const OffsetTable& table) {
  out.begin_object().key(name).begin_object();
  for (const auto& [queue, offset] : table) {
    write(out, queue.topic, queue.broker_name, queue.queue_id);
    out.colon().value(offset);
  }
  out.end().end();
}

Result<OffsetTable> read_offset_table(Bytes body, const char* name) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  OffsetTable table;
  for (const json::Value& row : json::array(value, name)) {
    table.emplace_back(read_message_queue(row), json::integer(row, "offset"));
  }
  for (const auto& [key, offset] : json::object(value, name).items()) {
    SLUICE_TRY(const json::Value queue, json::parse(key));
    if (!offset.is_number_integer()) return fail(Errc::malformed, "an offset is no number");
    table.emplace_back(read_message_queue(queue), offset.get<std::int64_t>());
  }
  return table;
}

}  // namespace sluice::wire::remoting
