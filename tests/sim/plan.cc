#include "plan.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::sim {

Plan Plan::draw(Chance& chance) {
  Plan plan;
  plan.sync_flush = chance.percent(50);
  plan.queues = static_cast<int>(chance.between(1, 3));
  plan.producers = static_cast<int>(chance.between(1, 3));
  plan.pullers = static_cast<int>(chance.between(0, 2));
  plan.poppers = chance.percent(70) ? static_cast<int>(chance.between(1, 4)) : 0;
  plan.transactors = chance.percent(60) ? static_cast<int>(chance.between(1, 2)) : 0;
  plan.delays = chance.percent(60);
  plan.timed = chance.percent(50);
  plan.hasty = chance.percent(40);
  plan.retention = chance.percent(30);
  if (plan.retention) plan.pullers = std::max(plan.pullers, 1);  // who sees all before it goes
  plan.segment_bytes = 4096 << chance.below(4);
  plan.tail_bytes = 8192 << chance.below(3);
  plan.index_entries = chance.between(5, 60);
  plan.kills = chance.percent(70);
  plan.power_cuts = chance.percent(60);
  plan.torn = chance.percent(60);
  plan.disk_full = chance.percent(30);
  plan.disk_errors = chance.percent(30);
  plan.slow = chance.percent(30);
  plan.faulty = milliseconds(chance.between(60, 400) * 1000);
  plan.calm = milliseconds(150'000);
  plan.many_queues = chance.percent(30);
  plan.keeps = plan.retention && chance.percent(60);
  plan.unwritten_entries = chance.between(20, 2000);
  plan.files_behind = chance.between(4, 400) * 1000;
  if (chance.percent(25)) plan.keep_plain_messages();
  return plan;
}

/// With records of one kind what a torn cut has left begins where the next start's messages end,
/// and shows when the process dies there.
void Plan::keep_plain_messages() {
  poppers = transactors = 0;
  delays = timed = false;
  kills = power_cuts = torn = restless = true;
}

std::string Plan::text() const {
  std::string text = sync_flush ? "SYNC_FLUSH" : "ASYNC_FLUSH";
  text += fmt::format(", {} topics of {} queues, {} producers, {} pullers, {} poppers", kTopics,
                      queues, producers, pullers, poppers);
  text += fmt::format(", {} transactional; segments of {}, index files of {} entries", transactors,
                      segment_bytes, index_entries);
  const auto add = [&](bool is, const char* name) {
    if (is) text += fmt::format(", {}", name);
  };
  add(many_queues, "entries that wait for their files");
  add(delays, "delays");
  add(timed, "timed messages");
  add(hasty, "hasty consumers");
  add(retention, keeps ? "retention, but for the first topic" : "retention");
  add(kills, "kills");
  add(power_cuts, torn ? "torn power cuts" : "power cuts");
  add(disk_full, "full disk");
  add(disk_errors, "disk errors");
  add(restless, "deaths soon after starts");
  add(slow, "pauses");
  return text;
}

}  // namespace sluice::sim
