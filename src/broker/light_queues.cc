#include "broker/light_queues.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>

#include "wire/record/light_queues.h"

namespace sluice::broker {

using namespace wire::record;

namespace {

constexpr std::size_t kRoom = 1024;  // for what the broker adds to the properties, now or later

Result<void> check_name(std::string_view name, const std::vector<std::string_view>& before) {
  if (!name.starts_with(kLightPrefix) || name.size() == kLightPrefix.size()) {
    return fail(Errc::message_illegal,
                fmt::format("{} names [{}]: a light queue's name begins with {}",
                            property::kDispatch, name, kLightPrefix));
  }
  if (const auto good = check_topic_name(name); !good) {
    return fail(Errc::message_illegal,
                fmt::format("{}: {}", property::kDispatch, good.error().remark()));
  }
  if (std::ranges::find(before, name) != before.end()) {
    return fail(Errc::message_illegal, fmt::format("{} names {} twice", property::kDispatch, name));
  }
  return {};
}

Result<std::vector<std::string_view>> listed(std::string_view properties) {
  std::vector<std::string_view> names;
  for (std::string_view list = find_property(properties, property::kDispatch); !list.empty();) {
    const std::string_view name = take_listed(list);
    SLUICE_CHECK(check_name(name, names));
    names.push_back(name);
  }
  return names;
}

}  // namespace

bool Topics::is_light(std::string_view name) const {
  return options_.light && name.starts_with(wire::record::kLightPrefix);
}

std::shared_ptr<Topic> Topics::light(std::string_view name, bool limited) {
  if (auto found = look(name)) return found;
  if (!check_topic_name(name) || (limited && lights_.load() >= options_.light_max)) return nullptr;
  TopicConfig config{.name = std::string(name)};
  config.read_queues = config.write_queues = 1;
  auto topic = make_topic(std::move(config), store_);
  Shard& in = shard(name);
  const std::unique_lock lock(in.mutex);
  if (in.topics.insert(topic)) {
    lights_.fetch_add(1);
    return topic;
  }
  return *in.topics.find(topic_hash(name), name);
}

void Spread::clear() {
  also.clear();
  topics.clear();
  queues.clear();
}

Result<bool> names_light_queues(std::string_view properties) {
  SLUICE_TRY(const auto names, listed(properties));
  const std::size_t needed = properties.size() + names.size() * (kOffsetDigits + 1) + kRoom;
  if (!names.empty() && needed > kPropertiesBytesMax) {
    return fail(Errc::message_illegal,
                fmt::format("{} bytes of properties leave no room for the offsets in {} light "
                            "queues",
                            properties.size(), names.size()));
  }
  return !names.empty();
}

Result<void> spread(Topics& topics, bool limited, store::Pending& pending, Spread& into) {
  if (!topics.options().light_dispatch || !goes_to_light_queues(pending.message.topic)) return {};
  SLUICE_TRY(const auto names, listed(pending.message.properties));
  if (names.empty()) return {};
  auto also = std::make_unique<store::LightQueues>();
  std::string offsets;
  for (const std::string_view name : names) {
    auto topic = topics.light(name, limited);
    if (!topic) {
      return fail(Errc::busy,
                  fmt::format("there are {} light queues, and {} would be one more: raise "
                              "maxLmqConsumeQueueNum",
                              topics.options().light_max, name));
    }
    TopicQueue* const queue = topic->queue(kLightQueue);
    if (!offsets.empty()) offsets += ',';
    offsets.append(kOffsetDigits, '0');
    also->queues.emplace_back(topic, queue->index);
    if (std::ranges::find(into.queues, queue) != into.queues.end()) continue;
    into.queues.push_back(queue);
    into.topics.push_back(std::move(topic));
  }
  also->properties = pending.message.properties;
  set_property(also->properties, property::kDispatchOffsets, offsets);
  also->offsets = also->properties.size() - offsets.size() - 1;
  pending.message.properties = also->properties;
  pending.also = also.get();
  into.also.push_back(std::move(also));
  return {};
}

}  // namespace sluice::broker
