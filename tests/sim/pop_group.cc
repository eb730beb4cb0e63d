#include "clients.h"
#include "reading.h"

namespace sluice::sim {

PopGroup::PopGroup(World& world, std::string group) : Group(world, std::move(group)) {
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
  const auto given = records(slices);
  if (!given) return;
  if (given->size() != count) {
    world_.verdict().broken("a pop gave other messages than it said");
  }
  for (const auto& record : *given) {
    const QueueKey queue{topic, record.message.queue.value};
    const auto id = take(queue, record);
    if (!id) return;
    took_one({queue, record.placement.offset.value}, *id, stamp, invisible);
  }
}

void PopGroup::took_one(Place place, std::int64_t id, WallTime stamp, milliseconds invisible) {
  Chance& chance = world_.chance();
  if (finished_.contains(place)) {
    world_.verdict().broken(
        fmt::format("message {} was acknowledged by {}, and comes again", id, group_));
  }
  const auto held = leases_.find(place);
  if (held != leases_.end() && world_.now() < held->second.deadline) {
    world_.verdict().broken(
        fmt::format("message {} has two holders in {}: the first for another {} ms", id, group_,
                    (held->second.deadline - world_.now()).count()));
  }
  leases_[place] = {.id = id, .stamp = stamp, .deadline = stamp + invisible};
  const bool at_once = world_.plan().hasty && chance.percent(80);
  const std::int64_t dice = chance.below(100);
  const milliseconds wait(chance.between(0, at_once ? 30 : invisible.count() * 5 / 4));
  world_.timeline().after(wait, [this, place, stamp, dice, cuts = cuts_] {
    if (!world_.up() || cuts != cuts_) return;
    if (dice < 75) finish(place, stamp);
    if (dice >= 90) put_off(place, stamp);
  });
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

}  // namespace sluice::sim
