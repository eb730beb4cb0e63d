#include <deque>

#include "clients.h"
#include "wire/record/properties.h"

namespace sluice::sim {

void Client::run(milliseconds pause_min, milliseconds pause_max) {
  const milliseconds pause(world_.chance().between(pause_min.count(), pause_max.count()));
  world_.timeline().after(pause, [this, pause_min, pause_max] {
    if (stopped_) return;
    if (world_.up()) act();
    run(pause_min, pause_max);
  });
}

namespace {

constexpr int kLevelsMax = 5;  // a minute

struct Sent {
  std::int64_t id = 0;
  std::string properties, body;
  broker::SendBatch::Ticket ticket;
};

}  // namespace

void Producer::act() {
  Chance& chance = world_.chance();
  Ledger& ledger = world_.ledger();
  const broker::DelayLevels levels;
  const WallTime now = world_.now();
  broker::SendBatch batch(world_.broker());
  std::deque<Sent> sent;
  for (auto left = chance.between(1, 4); left > 0; --left) {
    const QueueKey to{static_cast<int>(chance.below(kTopics)),
                      static_cast<int>(chance.below(world_.plan().queues))};
    const int level = world_.plan().delays && chance.percent(30)
                          ? static_cast<int>(chance.between(1, kLevelsMax))
                          : 0;
    const Kind kind = level > 0            ? Kind::delayed
                      : chance.percent(10) ? Kind::unflushed
                                           : Kind::plain;
    const Message& message = ledger.add(kind, to, level > 0 ? now + levels.of(level) : WallTime{});
    Sent& one = sent.emplace_back();
    one.id = message.id;
    one.body = body_of(message.id);
    wire::record::append_property(one.properties, wire::record::property::kUniqueKey,
                                  key_of(message.id));
    if (level > 0) {
      wire::record::append_property(one.properties, wire::record::property::kDelay,
                                    std::to_string(level));
    }
    if (kind == Kind::unflushed) {
      wire::record::append_property(one.properties, wire::record::property::kWait, "false");
    }
    const auto ticket = batch.add({.topic = topic_name(to.topic),
                                   .queue_id = to.queue,
                                   .born_ms = unix_ms(now),
                                   .properties = one.properties,
                                   .body = as_bytes(one.body)},
                                  now);
    if (ticket) {
      one.ticket = *ticket;
    } else {
      ledger.at(one.id).refused = true;
      sent.pop_back();
    }
  }
  if (batch.empty()) return;
  const auto until = batch.append();
  for (const Sent& one : sent) {
    if (!until) {
      const bool full = until.error().code() == Errc::disk_full;
      world_.answer_now([&ledger, id = one.id, full](Answer answer) {
        if (full && answer == Answer::done) ledger.at(id).refused = true;
      });
      continue;
    }
    std::optional<std::int64_t> offset;
    if (ledger.at(one.id).kind != Kind::delayed)
      offset = batch.messages(one.ticket)[0].offset.value;
    world_.answer_when(one.ticket.wait ? *until : LogPosition(0),
                       [this, id = one.id, offset](Answer answer) {
                         if (answer != Answer::done) return;
                         world_.ledger().stored(id, offset, world_.now());
                       });
  }
}

}  // namespace sluice::sim
