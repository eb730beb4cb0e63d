#include <map>

#include <fmt/format.h>

#include "doors/remoting/broker/call.h"
#include "wire/remoting/bodies/route.h"
#include "wire/remoting/requests/topics.h"

/// What tools ask about the broker itself.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

using Table = std::map<std::string, std::string>;

std::string duration_text(milliseconds d) {
  const auto s = std::chrono::duration_cast<std::chrono::seconds>(d).count();
  return fmt::format("[ {} days, {} hours, {} minutes, {} seconds ]", s / 86400, s / 3600 % 24,
                     s / 60 % 60, s % 60);
}

void put(Table& table, const char* key, std::int64_t value) { table[key] = std::to_string(value); }

void put_store(Table& table, broker::Broker& broker) {
  const store::MessageStore& store = broker.store();
  put(table, "commitLogMinOffset", store.min_position().value);
  put(table, "commitLogMaxOffset", store.end().value);
  put(table, "remainHowManyDataToFlush", store.end() - store.flushed());
  put(table, "dispatchBehindBytes", 0);  // an index entry is made with its record
  const auto space = store.space();
  const double used = space && space->total > 0 ? 1.0 - static_cast<double>(space->available) /
                                                            static_cast<double>(space->total)
                                                : 0.0;
  table["commitLogDiskRatio"] = table["consumeQueueDiskRatio"] = fmt::format("{:.4f}", used);
}

void put_traffic(Table& table, const broker::Traffic& traffic, const Rates& rates) {
  table["putTps"] = rates.text(&Rates::Counters::put_messages);
  table["getFoundTps"] = table["getTransferredTps"] = rates.text(&Rates::Counters::got_messages);
  table["getMissTps"] = rates.text(&Rates::Counters::get_missed);
  table["getTotalTps"] = table["getFoundTps"];
  put(table, "msgPutTotalTodayNow", traffic.put_messages);
  put(table, "msgGetTotalTodayNow", traffic.got_messages);
  put(table, "putMessageTimesTotal", traffic.put_messages);
  put(table, "putMessageSizeTotal", traffic.put_bytes);
  put(table, "putMessageFailedTimes", traffic.put_failed);
  put(table, "putMessageDuplicateTimes", traffic.duplicates);
}

void put_slow(Table& table, const broker::Traffic& traffic) {
  put(table, "slowSends", traffic.slow_sends);
  put(table, "slowSendsQueueMillis", traffic.slow_queue_ms);
  put(table, "slowSendsAppendMillis", traffic.slow_append_ms);
  put(table, "slowSendsFlushMillis", traffic.slow_flush_ms);
  put(table, "slowSendsWakeMillis", traffic.slow_wake_ms);
  put(table, "slowSendsWriteMillis", traffic.slow_write_ms);
}

/// Tools read these and split or parse them without looking whether they are there; the broker has
/// no such pools or buffers.
void put_constants(Table& table) {
  for (const char* pool : {"send", "pull", "litePull", "query", "ack"}) {
    const std::string prefix = std::string(pool) + "ThreadPoolQueue";
    table[prefix + "Size"] = table[prefix + "Capacity"] = "0";
    table[prefix + "HeadWaitTimeMills"] = "0";
  }
  for (const char* key :
       {"msgPutTotalYesterdayMorning", "msgPutTotalTodayMorning", "msgGetTotalYesterdayMorning",
        "msgGetTotalTodayMorning", "pageCacheLockTimeMills", "timerReadBehind", "timerOffsetBehind",
        "timerCongestNum", "earliestMessageTimeStamp"}) {
    table[key] = "0";
  }
  for (const char* key : {"timerEnqueueTps", "timerDequeueTps"}) table[key] = "0.0";
}

Result<void> runtime_info(BrokerCall& call, const GetRuntimeInfo&) {
  Table table;
  put_constants(table);
  put_store(table, call.broker());
  put_traffic(table, call.broker().traffic(), call.door().rates());
  put_slow(table, call.broker().traffic());
  put(table, "brokerVersion", kVersion);
  table["brokerVersionDesc"] = call.door().options().version_name;
  table["brokerActive"] = "true";
  put(table, "bootTimestamp", unix_ms(call.door().started()));
  put(table, "groupsWithDifferentSubscriptions", call.broker().consumers().split_groups());
  put(table, "startAcceptSendRequestTimeStamp", 0);
  table["runtime"] = duration_text(call.wall - call.door().started());
  Buffer& body = call.session.context().body;
  body.clear();
  encode_kv_table(body, table);
  return call.ok_body(body.bytes());
}

Result<void> get_config(BrokerCall& call, const GetBrokerConfig&) {
  const auto& text = call.door().options().config_text;
  return call.ok(GetBrokerConfigResponse{R"({"counter":0,"stateVersion":0,"timestamp":0})"},
                 as_bytes(text ? text() : std::string()));
}

Result<void> update_config(BrokerCall&, const UpdateBrokerConfig&) {
  return fail(Errc::unsupported,
              "settings cannot be changed while the broker runs: change the file given with -c and "
              "start it again");
}

constexpr BrokerRow kRows[] = {
    broker_row<GetRuntimeInfo, runtime_info>(),
    broker_row<GetBrokerConfig, get_config>(),
    broker_row<UpdateBrokerConfig, update_config>(),
};

}  // namespace

std::span<const BrokerRow> broker_info_rows() { return kRows; }

}  // namespace sluice::doors
