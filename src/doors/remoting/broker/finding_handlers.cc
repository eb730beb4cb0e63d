#include "doors/remoting/broker/call.h"
#include "wire/remoting/requests/find.h"

namespace sluice::doors {

using namespace wire::remoting;

namespace {

constexpr std::int32_t kUniqueMax = 32;  // DefaultMessageStore's defaultQueryMaxNum

Result<void> view_message(BrokerCall& call, const ViewMessage& request) {
  const auto record = call.broker().store().read_record(LogPosition(request.position));
  if (!record) {
    return call.answer(kSystemError,
                       "can not find message by the offset: " + std::to_string(request.position) +
                           ", " + std::string(record.error().remark()));
  }
  return call.ok_body(record->bytes);
}

std::string_view remark_of(const store::KeyResult& found) {
  if (!found.complete)
    return "there may be more: the search ended after 20,000 index entries, 256 records or 12 MiB";
  return found.records.empty() ? "can not find message, maybe time range not correct" : "";
}

/// The store bounds the work, so that it can be done here, on the reactor.
Result<void> query_message(BrokerCall& call, const QueryMessage& request) {
  const store::KeyQuery query{.topic = request.topic,
                              .key = request.key,
                              .unique_only = request.by_unique_key,
                              .from_ms = request.begin,
                              .to_ms = request.end,
                              .max = request.by_unique_key ? kUniqueMax : request.max_messages};
  if (call.reply_to().oneway) return {};
  SLUICE_TRY(const store::KeyResult found, call.broker().store().find_by_key(query));
  std::size_t bytes = 0;
  for (const store::Slice& record : found.records) bytes += record.bytes.size();
  net::OutQueue& out = call.session.out();
  write_reply(out, call.reply_to(), found.records.empty() ? kQueryNotFound : kSuccess,
              remark_of(found),
              QueryMessageResponse{.index_ms = found.last_ms, .index_position = found.last.value},
              {}, bytes);
  for (const store::Slice& record : found.records) out.add(record.bytes, record.owner);
  return {};
}

constexpr BrokerRow kRows[] = {
    broker_row<ViewMessage, view_message>(),
    broker_row<QueryMessage, query_message>(),
};

}  // namespace

std::span<const BrokerRow> finding_rows() { return kRows; }

}  // namespace sluice::doors
