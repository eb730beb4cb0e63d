#include "clients.h"
#include "post.h"
#include "wire/record/properties.h"

namespace sluice::sim {
namespace property = wire::record::property;

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

std::string with(std::string_view name, std::string_view value) {
  std::string properties;
  wire::record::append_property(properties, name, value);
  return properties;
}

}  // namespace

void Producer::act() {
  Chance& chance = world_.chance();
  const broker::DelayLevels levels;
  Post post(world_);
  for (auto left = chance.between(1, 4); left > 0; --left) {
    const QueueKey to = post.anywhere();
    if (world_.plan().delays && chance.percent(30)) {
      const int level = static_cast<int>(chance.between(1, kLevelsMax));
      post.add(Kind::delayed, to, world_.now() + levels.of(level),
               with(property::kDelay, std::to_string(level)));
    } else if (chance.percent(10)) {
      post.add(Kind::unflushed, to, WallTime{}, with(property::kWait, "false"));
    } else {
      post.add(Kind::plain, to, WallTime{}, {});
    }
  }
  post.send();
}

}  // namespace sluice::sim
