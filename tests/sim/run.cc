#include "run.h"

#include <memory>

#include "clients.h"
#include "faults.h"
#include "reading.h"

namespace sluice::sim {
namespace {

struct Cast {
  std::vector<std::unique_ptr<Client>> senders;
  std::vector<std::unique_ptr<Group>> groups;

  template <class Sender, class... More>
  void send(World& world, std::int64_t pause_min, std::int64_t pause_max, More... more) {
    senders.push_back(std::make_unique<Sender>(world, more...));
    senders.back()->run(milliseconds(pause_min), milliseconds(pause_max));
  }
  template <class Reader>
  void read(World& world, const std::string& name) {
    groups.push_back(std::make_unique<Reader>(world, name));
    const bool hasty = world.plan().hasty;
    groups.back()->run(milliseconds(hasty ? 10 : 50), milliseconds(hasty ? 200 : 1000));
  }
};

Cast hire(World& world) {
  const Plan& plan = world.plan();
  Cast cast;
  for (int i = 0; i < plan.producers; ++i) cast.send<Producer>(world, 50, 1500);
  for (int i = 0; i < plan.transactors; ++i) cast.send<Transactor>(world, 200, 3000, i);
  if (plan.timed) cast.send<TimedProducer>(world, 200, 3000);
  for (int i = 0; i < plan.pullers; ++i) {
    cast.read<PullGroup>(world, "pullers-" + std::to_string(i));
  }
  for (int i = 0; i < plan.poppers; ++i) {
    cast.read<PopGroup>(world, "poppers-" + std::to_string(i));
  }
  return cast;
}

/// Some messages, asked for by their keys: found, and once.
void check_keys(World& world) {
  constexpr int kSamples = 40;
  for (int i = 0; i < kSamples && world.ledger().size() > 0; ++i) {
    const Message& message = world.ledger().at(world.chance().below(world.ledger().size()));
    const std::string topic = topic_name(message.to.topic), key = key_of(message.id);
    const auto index = world.store().queue(topic, QueueId(message.to.queue));
    if (!message.offset || *message.offset < index->min().value) continue;
    store::IndexEntry entry;
    const auto got = index->read(QueueOffset(*message.offset), std::span(&entry, 1));
    if (!got || *got == 0 || store::is_compacted(entry.position)) continue;  // not in the log
    const auto found = world.store().find_by_key(
        {.topic = topic, .key = key, .unique_only = true, .to_ms = unix_ms(world.now()), .max = 8});
    if (!found) return world.verdict().broken(std::string(found.error().remark()));
    const auto records = records_in(found->records);
    if (!records) return world.verdict().broken(std::string(records.error().remark()));
    if (records->size() == 1 && id_of(as_text((*records)[0].message.body)) == message.id) continue;
    world.verdict().broken(
        fmt::format("the key of message {} finds {} messages", message.id, records->size()));
  }
}

void run_until(World& world, WallTime end) {
  while (world.verdict().good() && world.timeline().step(end)) world.settle();
}

}  // namespace

Outcome play(std::uint64_t seed) {
  Chance chance(seed);
  const Plan plan = Plan::draw(chance);
  World world(plan, chance);
  const WallTime begin = world.now();
  const Cast cast = hire(world);
  Faults faults(world);
  world.start();
  world.settle();
  faults.run();
  run_until(world, begin + plan.faulty);
  faults.stop();
  for (const auto& sender : cast.senders) sender->stop();
  run_until(world, world.end());
  if (world.verdict().good() && !world.up()) world.verdict().broken("it does not come up again");
  if (world.verdict().good()) {
    world.audit();
    world.ledger().settle();
    check_keys(world);
    for (const auto& group : cast.groups) group->settle();
  }
  const auto& notes = world.verdict().notes();
  return {.seed = seed,
          .plan = plan.text(),
          .broken = world.verdict().what(),
          .notes = {notes.begin(), notes.end()},
          .simulated = world.now() - begin,
          .messages = world.ledger().size(),
          .starts = world.life()};
}

}  // namespace sluice::sim
