#include <charconv>

#include "clients.h"
#include "wire/record/properties.h"

namespace sluice::sim {

class Transactor::Asked final : public delivery::Link {
 public:
  explicit Asked(Transactor& owner) : owner_(owner) {}
  void members_changed(std::string_view) override {}
  void check_transaction(const delivery::TransactionCheck& check) override { owner_.asked(check); }

 private:
  Transactor& owner_;
};

Transactor::Transactor(World& world, int number)
    : Client(world),
      group_("transactors-" + std::to_string(number)),
      link_(std::make_shared<Asked>(*this)) {
  world.on_start([this] {
    world_.broker().producers().hello(link_, group_,
                                      {.client_id = group_,
                                       .address = {},
                                       .language = {},
                                       .seen = SteadyTime::max() - milliseconds(1'000'000'000),
                                       .link = link_});
  });
}

void Transactor::act() {
  Chance& chance = world_.chance();
  const QueueKey to{static_cast<int>(chance.below(kTopics)),
                    static_cast<int>(chance.below(world_.plan().queues))};
  const std::int64_t id = world_.ledger().add(Kind::half, to, WallTime{}).id;
  const std::int64_t dice = chance.below(100);
  halves_[id].will = dice < 55 ? Will::commit : dice < 85 ? Will::rollback : Will::silence;
  std::string properties;
  const std::string key = key_of(id), body = body_of(id);
  wire::record::append_property(properties, wire::record::property::kTransaction, "true");
  wire::record::append_property(properties, wire::record::property::kProducerGroup, group_);
  wire::record::append_property(properties, wire::record::property::kUniqueKey, key);
  broker::SendBatch batch(world_.broker());
  const auto ticket = batch.add({.topic = topic_name(to.topic),
                                 .queue_id = to.queue,
                                 .sys_flag = wire::record::kTransactionPrepared,
                                 .properties = properties,
                                 .body = as_bytes(body)},
                                world_.now());
  if (!ticket) return;
  const auto until = batch.append();
  if (!until) return;
  const auto& stored = batch.messages(*ticket)[0];
  world_.answer_when(
      *until, [this, id, offset = stored.offset.value, at = stored.position.value](Answer answer) {
        if (answer != Answer::done) return;
        world_.ledger().at(id).half_known = world_.now();
        halves_[id].offset = offset;
        halves_[id].position = at;
        if (halves_[id].will == Will::silence || world_.chance().percent(20)) return;
        world_.timeline().after(milliseconds(world_.chance().between(0, 4000)),
                                [this, id] { end(id, false); });
      });
}

void Transactor::end(std::int64_t id, bool asked) {
  Half& half = halves_[id];
  Message& message = world_.ledger().at(id);
  // A power cut took it: another message may lie in its place.
  if (!world_.up() || message.lost) return;
  const bool commit = half.will == Will::commit;
  if (commit) message.commit_sent = true;
  const auto done = world_.broker().transactions().end(
      {.group = group_,
       .half = QueueOffset(half.offset),
       .position = LogPosition(half.position),
       .decision = commit ? broker::Transactions::Decision::commit
                          : broker::Transactions::Decision::rollback,
       .from_check = asked},
      world_.now());
  if (done && !done->late) {
    const bool before = half.maybe_ended;
    half.maybe_ended = true;
    world_.answer_when(done->until, [this, id, commit, before](Answer answer) {
      if (answer == Answer::done && before && world_.ledger().at(id).ended) {
        world_.verdict().broken(fmt::format("transaction {} was ended twice", id));
      }
      hear(id, commit, answer);
    });
    return;
  }
  if (done || done.error().code() != Errc::not_found) {
    half.maybe_ended = true;
    return;
  }
  world_.answer_now([this, id](Answer answer) {
    const Message& told = world_.ledger().at(id);
    if (answer != Answer::done || halves_[id].maybe_ended || told.lost) return;
    world_.verdict().broken(fmt::format("the half message {} was stored and is forgotten", id));
  });
}

void Transactor::hear(std::int64_t id, bool commit, Answer answer) {
  if (answer != Answer::done) return;
  if (commit) {
    world_.ledger().committed(id, world_.now());
  } else {
    world_.ledger().rolled_back(id, world_.now());
  }
}

void Transactor::asked(const delivery::TransactionCheck& check) {
  std::int64_t id = -1;
  std::from_chars(check.unique_key.data() + 1, check.unique_key.data() + check.unique_key.size(),
                  id);
  const auto found = halves_.find(id);
  if (found == halves_.end()) {
    return world_.verdict().broken("a producer was asked about another's transaction");
  }
  const bool kept = world_.plan().sync_flush || world_.cuts() == 0;
  if (world_.ledger().at(id).ended && kept) {
    world_.verdict().broken(fmt::format("asked about transaction {}, which is over", id));
  }
  Half& half = found->second;
  if (half.will == Will::silence) return;
  // The producer may learn only now where its half message lies.
  half.offset = check.half.value;
  half.position = check.position.value;
  world_.timeline().after(milliseconds(world_.chance().between(0, 500)),
                          [this, id] { end(id, true); });
}

}  // namespace sluice::sim
