#include "broker/life.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/numbers.h"
#include "broker/broker.h"
#include "broker/life_times.h"
#include "wire/record/properties.h"

namespace sluice::broker {
namespace {

namespace property = wire::record::property;
using wire::record::Decoded;
using Role = LifeRecord::Role;
using Fate = LifeRecord::Fate;
using State = LifeShare::State;

constexpr std::int32_t kRecordsMax = 64;  // of one topic

std::set<std::string> groups_of(Broker& broker, const std::string& topic) {
  std::set<std::string> names;
  for (auto& name : broker.progress().groups(topic)) names.insert(std::move(name));
  for (auto& name : broker.consumers().groups_of_topic(topic)) names.insert(std::move(name));
  for (const auto& leases : broker.leases().all()) {
    if (leases->topic == topic) names.insert(leases->group);
  }
  return names;
}

/// Where records made of a message of that topic can be.
std::set<std::string> topics_of(Broker& broker, std::string_view topic) {
  std::set<std::string> names{std::string(kScheduleTopic), std::string(kTimerTopic),
                              std::string(kHalfTopic)};
  if (topic.empty()) {
    for (const auto& config : broker.topics().configs()) names.insert(config->name);
    return names;
  }
  names.emplace(topic);
  for (const std::string& group : groups_of(broker, std::string(topic))) {
    names.insert(std::string(kRetryPrefix) + group);
    names.insert(std::string(kDeadPrefix) + group);
  }
  return names;
}

Role role_of(std::string_view topic) {
  if (topic == kScheduleTopic || topic == kTimerTopic) return Role::delayed;
  if (topic == kHalfTopic) return Role::half;
  if (topic.starts_with(kRetryPrefix)) return Role::retry;
  return topic.starts_with(kDeadPrefix) ? Role::dead : Role::message;
}

LifeRecord record_of(const Decoded& found) {
  const wire::record::Message& message = found.message;
  LifeRecord record{.role = role_of(message.topic),
                    .topic = std::string(message.topic),
                    .to = {},
                    .group = {},
                    .queue = message.queue,
                    .placement = found.placement,
                    .born_host = message.born_host,
                    .born_ms = message.born_ms,
                    .size = found.size,
                    .attempts = message.reconsume_times,
                    .made_of = message.prepared,
                    .reason = {}};
  const auto text = [&](std::string_view name) {
    return std::string(wire::record::find_property(message.properties, name));
  };
  if (record.role == Role::delayed || record.role == Role::half) {
    record.to = text(property::kRealTopic);
    if (record.topic == kTimerTopic) {
      record.due_ms = due_ms_of(found, TimerOptions{}.precision).value_or(0);
    }
  } else if (record.role == Role::retry) {
    record.group = record.topic.substr(kRetryPrefix.size());
  } else if (record.role == Role::dead) {
    record.group = record.topic.substr(kDeadPrefix.size());
    record.reason = text(property::kDeadReason);
  }
  return record;
}

/// Of the topic that was asked for, or of one of its groups.
bool belongs(const Decoded& found, const std::set<std::string>& topics, std::string_view topic) {
  if (topic.empty() || found.message.topic == topic) return true;
  const auto real = wire::record::find_property(found.message.properties, property::kRealTopic);
  const Role role = role_of(found.message.topic);
  if (role == Role::delayed || role == Role::half) return topics.contains(std::string(real));
  const auto origin = wire::record::find_property(found.message.properties, property::kRetryTopic);
  return origin.empty() || origin == topic;
}

Result<void> find_records(Broker& broker, const LifeQuery& query, Life& life) {
  const std::set<std::string> topics = topics_of(broker, query.topic);
  if (topics.size() > kLifeTopicsMax) {
    return fail(Errc::invalid_argument,
                fmt::format("there are {} topics, {} can be searched for one message: name its "
                            "topic",
                            topics.size(), kLifeTopicsMax));
  }
  for (const std::string& topic : topics) {
    SLUICE_TRY(const store::KeyResult found,
               broker.store().find_by_key({.topic = topic,
                                           .key = query.unique_key,
                                           .unique_only = true,
                                           .to_ms = std::numeric_limits<std::int64_t>::max(),
                                           .max = kRecordsMax}));
    life.complete = life.complete && found.complete;
    for (const store::Slice& slice : found.records) {
      const auto scan = wire::record::scan(slice.bytes, wire::record::CrcCheck::skip);
      if (scan.kind != wire::record::Scan::Kind::record) continue;
      if (belongs(scan.record, topics, query.topic)) life.records.push_back(record_of(scan.record));
    }
  }
  std::ranges::sort(life.records, {}, [](const LifeRecord& r) { return r.placement.position; });
  return {};
}

/// Of a timed message: what is made of it says what became of it.
Fate timed_fate(const Life& life, const LifeRecord& record) {
  Fate fate = Fate::waiting;
  for (const LifeRecord& made : life.records) {
    if (made.made_of != record.placement.position) continue;
    if (made.topic != kTimerTopic) return Fate::delivered;
    fate = Fate::dropped;  // recalled, or copied before the log drops it
  }
  return fate;
}

void add_fate(Broker& broker, const Life& life, LifeRecord& record) {
  const QueueOffset offset = record.placement.offset;
  if (record.role == Role::delayed && record.topic == kTimerTopic) {
    record.fate = timed_fate(life, record);
  } else if (record.role == Role::delayed) {
    const int level = record.queue.value + 1;
    if (level > static_cast<int>(broker.schedule().levels().count())) return;
    record.fate = broker.schedule().delivered(level, offset) ? Fate::delivered : Fate::waiting;
    std::array<store::IndexEntry, 1> entry;
    const auto read = broker.schedule().queue(level).read(offset, entry);
    if (read && *read == 1) record.due_ms = entry[0].tags_code;
  } else if (record.role == Role::half) {
    const auto made = [&](const LifeRecord& r) {
      return r.made_of == record.placement.position && r.placement.position > r.made_of;
    };
    if (const auto checks = broker.transactions().checks_of(offset)) {
      record.fate = Fate::open;
      record.checks = *checks;
    } else {
      record.fate = std::ranges::any_of(life.records, made) ? Fate::committed : Fate::dropped;
    }
  }
}

/// False: the group's members do not take messages one by one, or nothing of it is known.
bool read_lease(Broker& broker, const LifeRecord& record, LifeShare& share) {
  const auto group = broker.leases().find(share.group, record.topic);
  if (!group) return false;
  const std::scoped_lock lock(group->mutex);
  const auto queue = group->queues.find(record.queue);
  if (queue == group->queues.end()) return false;
  const delivery::LeaseQueue& state = queue->second.state;
  const QueueOffset offset = record.placement.offset;
  if (offset >= state.next()) {
    share.behind = offset - state.next() + static_cast<std::int64_t>(state.ready());
    return true;
  }
  const auto unfinished = state.find(offset);
  share.state = !unfinished          ? State::acknowledged
                : unfinished->leased ? State::leased
                                     : State::ready;
  if (!unfinished) return true;
  share.attempts = unfinished->attempts;
  if (unfinished->leased) {
    share.since_ms = unix_ms(unfinished->lease.stamp);
    share.until_ms = unix_ms(broker.leases().clock().wall_at(unfinished->lease.deadline));
  }
  return true;
}

LifeShare share_of(Broker& broker, const Life& life, std::size_t index, const std::string& group) {
  const LifeRecord& record = life.records[index];
  LifeShare share{.record = index, .group = group, .members = {}};
  for (const delivery::Member& member : broker.consumers().members(group)) {
    if (member.subscriptions.contains(record.topic)) share.members.push_back(member.client_id);
  }
  if (read_lease(broker, record, share)) return share;
  const auto committed = broker.progress().committed(group, record.topic, record.queue);
  const std::int64_t behind = record.placement.offset - committed.value_or(QueueOffset(0));
  if (committed && behind < 0) {
    share.state = State::consumed;
  } else {
    share.behind = behind;
  }
  return share;
}

}  // namespace

Result<Life> find_life(Broker& broker, const LifeQuery& query) {
  if (query.unique_key.empty()) {
    return fail(Errc::invalid_argument, "no key: the unique id of one message is needed");
  }
  Life life;
  SLUICE_CHECK(find_records(broker, query, life));
  for (LifeRecord& record : life.records) add_fate(broker, life, record);
  for (std::size_t i = 0; i < life.records.size(); ++i) {
    const LifeRecord& record = life.records[i];
    if (record.role == Role::delayed || record.role == Role::half) continue;
    for (const std::string& group : groups_of(broker, record.topic)) {
      if (record.role == Role::retry && group != record.group) continue;
      life.shares.push_back(share_of(broker, life, i, group));
    }
  }
  SLUICE_CHECK(add_times(broker.store(), life));
  return life;
}

}  // namespace sluice::broker
