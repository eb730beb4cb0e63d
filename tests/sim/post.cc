#include "post.h"

#include "wire/record/properties.h"

namespace sluice::sim {

QueueKey Post::anywhere() {
  Chance& chance = world_.chance();
  const int topic = static_cast<int>(chance.below(kTopics));
  return {topic, static_cast<int>(chance.below(world_.plan().queues))};
}

void Post::add(Kind kind, QueueKey to, WallTime due, std::string properties) {
  const WallTime now = world_.now();
  Sent& one = sent_.emplace_back();
  one.id = world_.ledger().add(kind, to, due).id;
  one.body = body_of(one.id);
  one.properties = std::move(properties);
  wire::record::append_property(one.properties, wire::record::property::kUniqueKey, key_of(one.id));
  const auto ticket = batch_.add({.topic = topic_name(to.topic),
                                  .queue_id = to.queue,
                                  .born_ms = unix_ms(now),
                                  .properties = one.properties,
                                  .body = as_bytes(one.body)},
                                 now);
  if (ticket) {
    one.ticket = *ticket;
    return;
  }
  world_.ledger().at(one.id).refused = true;
  sent_.pop_back();
}

void Post::send(const OnStored& stored) {
  if (batch_.empty()) return;
  const auto until = batch_.append();
  if (!until) return refused(until.error());
  for (const Sent& one : sent_) accepted(one, *until, stored);
}

void Post::refused(const Error& why) {
  const bool full = why.code() == Errc::disk_full;
  for (const Sent& one : sent_) {
    world_.answer_now([&ledger = world_.ledger(), id = one.id, full](Answer answer) {
      if (full && answer == Answer::done) ledger.at(id).refused = true;
    });
  }
}

void Post::accepted(const Sent& one, LogPosition until, const OnStored& stored) {
  const store::Pending& record = batch_.messages(one.ticket)[0];
  const Kind kind = world_.ledger().at(one.id).kind;
  std::optional<std::int64_t> offset;
  if (kind != Kind::delayed && kind != Kind::timed) offset = record.offset.value;
  world_.answer_when(
      one.ticket.wait ? until : LogPosition(0),
      [&world = world_, stored, id = one.id, offset, at = record.position](Answer answer) {
        if (answer != Answer::done) return;
        world.ledger().stored(id, offset, world.now());
        if (stored) stored(id, at);
      });
}

}  // namespace sluice::sim
