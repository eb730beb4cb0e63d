#include <fmt/format.h>

#include "broker/life.h"
#include "doors/remoting/broker/call.h"
#include "net/address.h"
#include "wire/record/message_id.h"
#include "wire/remoting/requests/find.h"

/// What became of a message, as one JSON object. Times are milliseconds since the epoch, 0 for
/// "not known"; groups name the record they mean by its number.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

using broker::LifeRecord;
using broker::LifeShare;

constexpr std::string_view kRoles[] = {"message", "retry", "dead", "delayed", "half"};
constexpr std::string_view kFates[] = {"", "waiting", "delivered", "open", "committed", "dropped"};
constexpr std::string_view kStates[] = {"waiting", "consumed", "leased", "ready", "acknowledged"};

std::string host_text(const wire::record::Host& host) {
  return net::Address{
      .bytes = host.address, .v6 = host.v6, .port = static_cast<std::uint16_t>(host.port)}
      .text();
}

void write_record(const store::MessageStore& store, const LifeRecord& record,
                  wire::json::Writer& out) {
  const std::int64_t position = record.placement.position.value;
  const std::int64_t in_file = position % store.segment_bytes();
  out.begin_object()
      .member("role", kRoles[std::to_underlying(record.role)])
      .member("topic", record.topic)
      .member("queue", record.queue.value)
      .member("offset", record.placement.offset.value)
      .member("liesAt",
              wire::record::message_id(record.placement.store_host, record.placement.position))
      .member("position", position)
      .member("file", fmt::format("{:020}", position - in_file))
      .member("positionInFile", in_file)
      .member("size", record.size)
      .member("born", record.born_ms)
      .member("bornHost", host_text(record.born_host))
      .member("stored", record.placement.store_ms)
      .member("flushed", store.flushed() >= record.placement.position + record.size)
      .member("reconsumeTimes", record.attempts);
  if (!record.group.empty()) out.member("group", record.group);
  if (!record.to.empty()) out.member("to", record.to);
  if (record.fate != LifeRecord::Fate::none) {
    out.member("fate", kFates[std::to_underlying(record.fate)]);
  }
  if (record.role == LifeRecord::Role::delayed) out.member("due", record.due_ms);
  if (record.role == LifeRecord::Role::half) out.member("checks", record.checks);
  if (record.made_of.value > 0) out.member("madeOf", record.made_of.value);
  if (!record.reason.empty()) out.member("reason", record.reason);
  out.end();
}

void write_share(const LifeShare& share, wire::json::Writer& out) {
  out.begin_object()
      .member("group", share.group)
      .member("record", static_cast<std::int64_t>(share.record))
      .member("state", kStates[std::to_underlying(share.state)])
      .member("behind", share.behind)
      .member("since", share.since_ms)
      .member("until", share.until_ms)
      .member("attempts", share.attempts)
      .key("members")
      .begin_array();
  for (const std::string& member : share.members) out.value(member);
  out.end().end();
}

/// Bounded, so that it can be done here, on the reactor.
Result<void> message_life(BrokerCall& call, const MessageLife& request) {
  SLUICE_TRY(const broker::Life life,
             broker::find_life(call.broker(), {.unique_key = request.key, .topic = request.topic}));
  return call.ok_json([&](wire::json::Writer& out) {
    out.begin_object()
        .member("id", request.key)
        .member("broker", call.broker().options().name)
        .member("now", unix_ms(call.wall))
        .member("complete", life.complete)
        .key("records")
        .begin_array();
    for (const LifeRecord& record : life.records) write_record(call.broker().store(), record, out);
    out.end().key("groups").begin_array();
    for (const LifeShare& share : life.shares) write_share(share, out);
    out.end().end();
  });
}

constexpr BrokerRow kRows[] = {
    broker_row<MessageLife, message_life>(),
};

}  // namespace

std::span<const BrokerRow> life_rows() { return kRows; }

}  // namespace sluice::doors
