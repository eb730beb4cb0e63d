#include "broker/timers.h"
#include "clients.h"
#include "post.h"
#include "wire/record/properties.h"

namespace sluice::sim {
namespace {

namespace property = wire::record::property;
constexpr milliseconds kToBeDelivered{40'000};  // before the run ends

/// One of the three ways in which a message says when.
std::string asks_for(Chance& chance, WallTime now, milliseconds wait) {
  std::string properties;
  const auto dice = chance.below(3);
  if (dice == 0 && wait.count() % 1000 == 0) {
    wire::record::append_property(properties, property::kTimerDelaySec,
                                  std::to_string(wait.count() / 1000));
  } else if (dice == 1) {
    wire::record::append_property(properties, property::kTimerDelayMs,
                                  std::to_string(wait.count()));
  } else {
    wire::record::append_property(properties, property::kTimerDeliverMs,
                                  std::to_string(unix_ms(now + wait)));
  }
  return properties;
}

}  // namespace

/// Mostly moments; some wait for nearly as long as there is time.
milliseconds TimedProducer::wait() {
  Chance& chance = world_.chance();
  const milliseconds left = world_.end() - kToBeDelivered - world_.now();
  const std::int64_t most[] = {3000, 3000, 30'000, 30'000, left.count()};
  const std::int64_t wait = chance.between(1, most[chance.below(std::size(most))]);
  return milliseconds(chance.percent(30) ? (wait + 999) / 1000 * 1000 : wait);
}

void TimedProducer::act() {
  Chance& chance = world_.chance();
  Post post(world_);
  for (auto left = chance.between(1, 3); left > 0; --left) {
    const milliseconds later = wait();
    post.add(Kind::timed, post.anywhere(), world_.now() + later,
             asks_for(chance, world_.now(), later));
  }
  post.send([this](std::int64_t id, LogPosition at) {
    if (!world_.chance().percent(25)) return;
    const milliseconds left = world_.ledger().at(id).due - world_.now();
    const milliseconds pause(world_.chance().below(std::max<std::int64_t>(left.count(), 1) + 200));
    world_.timeline().after(pause, [this, id, at] { take_back(id, at); });
  });
}

void TimedProducer::take_back(std::int64_t id, LogPosition at) {
  using What = broker::Timers::Recalled;
  if (!world_.up()) return;
  Message& message = world_.ledger().at(id);
  const auto done = world_.broker().timers().recall({.topic = topic_name(message.to.topic),
                                                     .broker = "broker-a",
                                                     .due_ms = unix_ms(message.due),
                                                     .unique_key = key_of(id),
                                                     .position = at},
                                                    world_.now());
  if (!done || done->what == What::now) message.recall_sent = true;
  if (!done) return;
  if (done->what == What::now) {
    return world_.answer_when(done->until, [this, id](Answer answer) {
      if (answer == Answer::done) world_.ledger().recalled(id, world_.now());
    });
  }
  // It was moved on in the log, perhaps, and the key index does not know yet where to.
  const bool could_be_unknown = world_.plan().retention || !message.promised;
  const bool wrong =
      done->what == What::before || (done->what == What::unknown && !could_be_unknown);
  const bool waits = message.promised && world_.now() < message.due;
  if (!wrong && !(waits && done->what == What::delivered)) return;
  world_.verdict().broken(fmt::format("message {} cannot be taken back {} ms before its time: {}",
                                      id, (message.due - world_.now()).count(),
                                      static_cast<int>(done->what)));
}

}  // namespace sluice::sim
