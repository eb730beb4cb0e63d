#include "broker/broker.h"
#include "broker/snapshots.h"
#include "store/text_file.h"
#include "wire/record/message_id.h"

/// What the façade adds to Transactions: its place among the snapshots, and the way to producers.
namespace sluice::broker {

void Broker::note_transactions() {
  const auto now = transactions_.progress();
  const auto note = [this](std::string_view topic, QueueOffset next) {
    const auto noted = progress_.committed(kTransactionGroup, topic, QueueId(0));
    if (noted.value_or(QueueOffset(0)) == next) return;
    progress_.commit(kTransactionGroup, topic, QueueId(0), next);
  };
  note(kHalfTopic, now.half);
  note(kMarkTopic, now.mark);
}

Result<void> Broker::load_transactions(WallTime now) {
  SLUICE_TRY(const auto text,
             store::read_text_file(disk_, config_folder_ + "/transactionChecks.json",
                                   [](std::string_view t) { return bool(checks_from_json(t)); }));
  Transactions::Checks checks;
  if (text) {
    SLUICE_TRY(checks, checks_from_json(*text));
  }
  const auto noted = [this](std::string_view topic) {
    return progress_.committed(kTransactionGroup, topic, QueueId(0)).value_or(QueueOffset(0));
  };
  return transactions_.restore({.half = noted(kHalfTopic), .mark = noted(kMarkTopic)}, checks, now);
}

Result<void> Broker::persist_transactions() {
  Transactions::Checks checks = transactions_.checks();
  if (checks == persisted_checks_) return {};
  SLUICE_CHECK(store::write_text_file(disk_, config_folder_ + "/transactionChecks.json",
                                      checks_to_json(checks)));
  persisted_checks_ = std::move(checks);
  return {};
}

Result<Transactions::Round> Broker::check_transactions(WallTime now) {
  SLUICE_TRY(auto round, transactions_.check(now));
  for (const HalfMessage& half : round.asked) {
    const auto link = producers_.pick(half.group);
    if (!link) continue;  // it counts: a group that has gone for good is not waited for
    SLUICE_TRY(const std::string bytes, encode_for_check(half));
    const auto& placement = half.record.placement;
    const std::string id = wire::record::message_id(placement.store_host, placement.position);
    link->check_transaction({.half = placement.offset,
                             .position = placement.position,
                             .unique_key = half.unique_key,
                             .offset_id = id,
                             .record = as_bytes(bytes)});
  }
  return round;
}

}  // namespace sluice::broker
