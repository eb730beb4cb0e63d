#include "clients.h"
#include "reading.h"

namespace sluice::sim {

PopGroup::PopGroup(World& world, std::string group) : Client(world), group_(std::move(group)) {
  for (int topic = 0; topic < kTopics; ++topic) topics_.push_back(topic_name(topic));
  world.on_start([this] { restarted(); });
}

/// A power cut may take leases and acknowledgements; another end of the process does not.
void PopGroup::restarted() {
  if (std::exchange(cuts_, world_.cuts()) == world_.cuts()) return;
  leases_.clear();
  finished_.clear();
}

void PopGroup::act() {
  Chance& chance = world_.chance();
  const int topic = static_cast<int>(chance.below(kTopics));
  const milliseconds invisible(chance.between(500, 20'000));
  broker::PopQuery query{.group = group_, .topic = topics_[static_cast<std::size_t>(topic)]};
  query.max_messages = static_cast<std::int32_t>(chance.between(1, 32));
  query.invisible = invisible;
  query.start = broker::PopStart::first;
  const WallTime now = world_.now();
  broker::PopBatch batch(world_.broker());
  broker::PopResult result;
  const auto plan = batch.prepare(query, now);
  if (!plan || !batch.pop(*plan, now, result) || !batch.append(now)) return;
  world_.answer_now([=, this, count = result.messages.size(), stamp = result.stamp,
                     records = result.records](Answer answer) {
    if (answer == Answer::done) took(topic, stamp, invisible, count, records);
  });
}

broker::PopBatch::Receipt PopGroup::receipt(const Place& place, WallTime stamp) const {
  return {.group = group_,
          .topic = topics_[static_cast<std::size_t>(place.first.topic)],
          .queue = QueueId(place.first.queue),
          .offset = QueueOffset(place.second),
          .stamp = stamp};
}

void PopGroup::took(int topic, WallTime stamp, milliseconds invisible, std::size_t count,
                    const std::vector<store::Slice>& slices) {
  const auto records = records_in(slices);
  if (!records) return world_.verdict().broken(std::string(records.error().remark()));
  if (records->size() != count) {
    world_.verdict().broken("a pop gave other messages than it said");
  }
  for (const auto& record : *records) {
    const QueueKey queue{topic, record.message.queue.value};
    const auto id = world_.ledger().given(queue, record, world_.now());
    if (!id) return;
    const Place place{queue, record.placement.offset.value};
    if (finished_.contains(place)) {
      world_.verdict().broken(
          fmt::format("message {} was acknowledged by {}, and comes again", *id, group_));
    }
    const auto held = leases_.find(place);
    if (held != leases_.end() && world_.now() < held->second.deadline) {
      world_.verdict().broken(
          fmt::format("message {} has two holders in {}: the first for another {} ms", *id, group_,
                      (held->second.deadline - world_.now()).count()));
    }
    leases_[place] = {.id = *id, .stamp = stamp, .deadline = stamp + invisible};
    given_.insert(*id);
    const std::int64_t dice = world_.chance().below(100);
    const milliseconds wait(world_.chance().between(0, invisible.count() * 5 / 4));
    world_.timeline().after(wait, [this, place, stamp, dice, cuts = cuts_] {
      if (!world_.up() || cuts != cuts_) return;
      if (dice < 75) finish(place, stamp);
      if (dice >= 90) put_off(place, stamp);
    });
  }
}

void PopGroup::finish(Place place, WallTime stamp) {
  broker::PopBatch batch(world_.broker());
  const auto done = batch.acknowledge(receipt(place, stamp));
  const auto held = leases_.find(place);
  const bool mine = held != leases_.end() && held->second.stamp == stamp;
  const bool logged = batch.append(world_.now()).has_value();
  if (!done || *done != broker::PopBatch::Outcome::done || !logged) {
    // Whether it holds is not known, when it was not refused.
    if (mine && !logged) leases_.erase(held);
    if (mine && logged && world_.now() < held->second.deadline) {
      world_.verdict().broken(
          fmt::format("message {} is leased, and cannot be acknowledged", held->second.id));
    }
    return;
  }
  if (mine) leases_.erase(held);
  world_.answer_now([this, place, cuts = cuts_](Answer answer) {
    if (answer == Answer::done && cuts == cuts_) finished_.insert(place);
  });
}

void PopGroup::put_off(Place place, WallTime stamp) {
  const milliseconds invisible(world_.chance().between(500, 20'000));
  const auto held = leases_.find(place);
  const bool mine = held != leases_.end() && held->second.stamp == stamp;
  if (!mine) return;
  const std::int64_t id = held->second.id;
  leases_.erase(held);
  broker::PopBatch batch(world_.broker());
  const WallTime now = world_.now();
  const auto done = batch.put_off(receipt(place, stamp), invisible, now);
  if (!batch.append(now) || !done || *done != broker::PopBatch::Outcome::done) return;
  world_.answer_now([this, place, id, now, invisible, cuts = cuts_](Answer answer) {
    if (answer != Answer::done || cuts != cuts_) return;
    leases_[place] = {.id = id, .stamp = now, .deadline = now + invisible};
    world_.timeline().after(milliseconds(world_.chance().between(0, invisible.count())),
                            [this, place, now, cuts] {
                              if (world_.up() && cuts == cuts_) finish(place, now);
                            });
  });
}

void PopGroup::settle() {
  for (std::int64_t id = 0; id < world_.ledger().size(); ++id) {
    const Message& message = world_.ledger().at(id);
    if (!message.offset || given_.contains(id)) continue;
    const auto index =
        world_.store().queue(topic_name(message.to.topic), QueueId(message.to.queue));
    if (*message.offset < index->min().value) continue;
    world_.verdict().broken(fmt::format("group {} was never given message {}", group_, id));
  }
}

}  // namespace sluice::sim
