#include "broker/life_times.h"

#include <algorithm>
#include <limits>

#include "broker/lease_change.h"
#include "broker/popping.h"
#include "broker/progress_log.h"
#include "broker/state_log.h"

namespace sluice::broker {
namespace {

/// Shares in one state, and how many of them have no time yet.
struct Wanted {
  Life& life;
  LifeShare::State state;
  std::size_t open = 0;
  std::int64_t from_ms = std::numeric_limits<std::int64_t>::max();

  Wanted(Life& of, LifeShare::State which) : life(of), state(which) {
    for (const LifeShare& share : life.shares) {
      if (share.state != state) continue;
      ++open;
      from_ms = std::min(from_ms, life.records[share.record].placement.store_ms);
    }
  }
  /// Calls `then` with those of that group and topic.
  template <class Then>
  void each(std::string_view group, std::string_view topic, Then then) {
    for (LifeShare& share : life.shares) {
      const LifeRecord& record = life.records[share.record];
      if (share.state == state && share.group == group && record.topic == topic)
        then(share, record);
    }
  }
  void found(LifeShare& share, std::int64_t ms) {
    if (share.since_ms != 0) return;
    share.since_ms = ms;
    --open;
  }
};

void read_progress(Wanted& wanted, std::int64_t stored_ms, Bytes body) {
  const auto changes = decode_progress(body);
  if (!changes) return;
  for (const auto& change : *changes) {
    wanted.each(change.group, change.topic, [&](LifeShare& share, const LifeRecord& record) {
      const auto queue = change.offsets.find(record.queue.value);
      if (queue == change.offsets.end() || queue->second <= record.placement.offset.value) return;
      wanted.found(share, stored_ms);
    });
  }
}

void read_leases(Wanted& wanted, std::int64_t stored_ms, Bytes body, LeaseChange& change) {
  for (LeaseChanges changes(body); !changes.done() && changes.next(change);) {
    if (change.kind != LeaseChange::Kind::finished) continue;
    wanted.each(change.group, change.topic, [&](LifeShare& share, const LifeRecord& record) {
      if (change.queue != record.queue) return;
      const auto same = [&](const auto& item) { return item.offset == record.placement.offset; };
      if (std::ranges::any_of(change.items, same)) wanted.found(share, stored_ms);
    });
  }
}

template <class Read>
Result<void> look_for(store::MessageStore& store, std::string_view log, Wanted wanted, Read read) {
  if (wanted.open == 0) return {};
  const auto queue = store.queue(log, QueueId(0));
  SLUICE_TRY(const bool all, look_back(store, *queue, from_unix_ms(wanted.from_ms), kLifeLogMax,
                                       [&](std::int64_t stored_ms, Bytes body) {
                                         read(wanted, stored_ms, body);
                                         return wanted.open > 0;
                                       }));
  wanted.life.complete = wanted.life.complete && all;
  return {};
}

}  // namespace

Result<void> add_times(store::MessageStore& store, Life& life) {
  using State = LifeShare::State;
  SLUICE_CHECK(look_for(store, kProgressTopic, Wanted(life, State::consumed), read_progress));
  LeaseChange change;
  return look_for(store, kLeaseTopic, Wanted(life, State::acknowledged),
                  [&change](Wanted& wanted, std::int64_t stored_ms, Bytes body) {
                    read_leases(wanted, stored_ms, body, change);
                  });
}

}  // namespace sluice::broker
