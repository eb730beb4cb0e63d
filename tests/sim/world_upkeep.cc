#include <algorithm>
#include <utility>

#include "world.h"

/// What the program's threads do from time to time (app/serve), as events.
namespace sluice::sim {
namespace {

constexpr milliseconds kKept{300'000};
constexpr int kDropSegmentsMax = 10;

}  // namespace

/// The first time comes at chance: threads do not keep step with each other.
void World::begin(milliseconds pause, const Work& work) {
  timeline_.after(milliseconds(chance_.below(pause.count())), [this, pause, work, life = life_] {
    if (up() && life == life_) every(pause, work);
  });
}

void World::every(milliseconds pause, Work work) {
  timeline_.after(pause, [this, pause, work = std::move(work), life = life_] {
    if (!up() || life != life_) return;
    work();
    if (up() && !disk_.stopped()) every(pause, work);
  });
}

/// One thread's steps: others work between them, for long when the machine is busy.
void World::one_by_one(std::vector<Work> steps) {
  if (steps.empty() || !up() || disk_.stopped()) return;
  steps.front()();
  steps.erase(steps.begin());
  const milliseconds pause(chance_.below(chance_.percent(25) ? 400 : 30));
  timeline_.after(pause, [this, steps, life = life_] {
    if (life == life_) one_by_one(steps);
  });
}

void World::maintain() {
  one_by_one({[this] { report("progress_not_logged", broker_->log_progress(now())); },
              [this] {
                store_->maintain();
                note_flush();
              },
              [this] { report("config_not_written", broker_->persist_schedule()); }});
}

/// Instead of what was planned.
void World::deliver_after(milliseconds wait) {
  timeline_.after(wait, [this, life = life_, round = ++round_] {
    if (up() && life == life_ && round == round_) deliver();
  });
}

void World::deliver() {
  const auto delayed = broker_->schedule().deliver(now());
  const auto timed = broker_->timers().deliver(now());
  if (!delayed || !timed) return deliver_after(milliseconds(1000));
  if (delayed->more || timed->more) return deliver_after(milliseconds(0));
  constexpr milliseconds kLongest{10'000};
  WallTime next = now() + kLongest;
  for (const auto& due : {broker_->schedule().next_due(now()), broker_->timers().next_due(now())}) {
    if (due) next = std::min(next, *due);
  }
  deliver_after(std::max(next - now(), milliseconds(0)));
}

void World::check_transactions() {
  const auto done = broker_->check_transactions(now());
  if (!done) verdict_.note("transactions_not_checked: " + std::string(done.error().remark()));
}

void World::drop_segments() {
  int dropped = 0;
  for (bool more = true; more && dropped < kDropSegmentsMax;) {
    kept_below_.reset();
    const auto done = store_->drop_older_than(kKept, kDropSegmentsMax - dropped);
    if (!done) return;
    dropped += *done;
    if (!kept_below_) return;
    const auto moved = broker_->timers().move_above(*kept_below_);
    if (!moved) return verdict_.note("not moved: " + std::string(moved.error().remark()));
    more = !broker_->timers().waits_below(*kept_below_) && *moved < plan_.segment_bytes / 2;
  }
}

void World::start_upkeep() {
  begin(milliseconds(500), [this] {
    store_->flush_log();
    note_flush();
  });
  begin(milliseconds(500), [this] { maintain(); });
  begin(milliseconds(500),
        [this] { report("timers_not_written", broker_->timers().upkeep(clock_.steady(), false)); });
  begin(milliseconds(500), [this] { store_->index_keys(); });
  if (plan_.keeps) {
    begin(milliseconds(100), [this] { store_->compact(chance_.between(1, 2048)); });
  }
  begin(milliseconds(1000), [this] { check_transactions(); });
  begin(milliseconds(1000), [this] { broker_->leases().expire(now()); });
  begin(milliseconds(5000), [this] { report("config_not_written", broker_->persist(now())); });
  begin(milliseconds(10'000), [this] {
    broker_->expire(clock_.steady());
    if (plan_.retention) drop_segments();
  });
  deliver_after(milliseconds(0));
}

}  // namespace sluice::sim
