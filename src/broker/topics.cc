#include "broker/topics.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::broker {
namespace {

constexpr std::size_t kNameMax = 127;
constexpr std::size_t kDerivedNameMax = 255;  // %RETRY% and %DLQ% names contain a group's
constexpr std::string_view kDefaultTopic = "TBW102";
constexpr std::int32_t kPermMax = kPermInherit | kPermWrite | kPermRead;

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '%' || c == '|';
}

struct SystemTopic {
  std::string_view name;
  std::int32_t queues;  ///< 0: the name is taken, but the broker does not make it at the start
};
/// apache/rocketmq common/topic/TopicValidator.java and broker/topic/TopicConfigManager.java.
constexpr SystemTopic kSystemTopics[] = {
    {"SELF_TEST_TOPIC", 1},
    {"BenchmarkTest", 1024},
    {"OFFSET_MOVED_EVENT", 1},
    {"SCHEDULE_TOPIC_XXXX", 18},
    {"RMQ_SYS_TRACE_TOPIC", 1},
    {"RMQ_SYS_TRANS_HALF_TOPIC", 1},
    {kDefaultTopic, 0},
    {"RMQ_SYS_TRANS_OP_HALF_TOPIC", 1},
    {"TRANS_CHECK_MAX_TIME_TOPIC", 0},
};

TopicConfig config_of(std::string name, std::int32_t queues, std::int32_t perm) {
  TopicConfig config;
  config.name = std::move(name);
  config.read_queues = config.write_queues = queues;
  config.perm = perm;
  return config;
}

std::vector<TopicConfig> first_topics(const TopicsOptions& options) {
  constexpr std::int32_t kReadWrite = kPermRead | kPermWrite;
  std::vector<TopicConfig> all;
  for (const SystemTopic& topic : kSystemTopics) {
    if (topic.queues > 0) {
      all.push_back(config_of(std::string(topic.name), topic.queues, kReadWrite));
    }
  }
  if (options.auto_create) {
    all.push_back(config_of(std::string(kDefaultTopic),
                            std::clamp(options.default_queues, 1, kQueuesMax), kPermMax));
  }
  if (!options.cluster_name.empty()) {
    all.push_back(config_of(options.cluster_name, 16, kPermMax));
    all.push_back(config_of(options.cluster_name + "_REPLY_TOPIC", 1, kReadWrite));
  }
  if (!options.broker_name.empty()) all.push_back(config_of(options.broker_name, 1, kPermMax));
  return all;
}

Result<void> check_queues(const TopicConfig& config, const char* which, std::int32_t queues) {
  if (queues >= 1 && queues <= kQueuesMax) return {};
  return fail(Errc::invalid_argument, fmt::format("{} of topic {} is {}; 1 to {} are allowed",
                                                  which, config.name, queues, kQueuesMax));
}

Result<void> check_config(const TopicConfig& config) {
  SLUICE_CHECK(check_topic_name(config.name));
  SLUICE_CHECK(check_queues(config, "readQueueNums", config.read_queues));
  SLUICE_CHECK(check_queues(config, "writeQueueNums", config.write_queues));
  if (config.perm < 0 || config.perm > kPermMax) {
    return fail(Errc::invalid_argument,
                fmt::format("perm of topic {} is {}; 0 to {} are allowed (4 read, 2 write, 1 "
                            "inherit)",
                            config.name, config.perm, kPermMax));
  }
  return {};
}

}  // namespace

Result<void> check_topic_name(std::string_view name) {
  if (name.empty()) return fail(Errc::invalid_name, "the topic's name is empty");
  const bool derived = name.starts_with(kRetryPrefix) || name.starts_with(kDeadPrefix);
  const std::size_t most = derived ? kDerivedNameMax : kNameMax;
  if (name.size() > most) {
    return fail(
        Errc::invalid_name,
        fmt::format("the topic's name has {} bytes; at most {} are allowed", name.size(), most));
  }
  if (!std::ranges::all_of(name, name_char)) {
    return fail(Errc::invalid_name,
                fmt::format("the topic's name [{}] has a character outside [%|a-zA-Z0-9_-]", name));
  }
  return {};
}

bool is_system_topic(std::string_view name) {
  return name.starts_with("rmq_sys_") ||
         std::ranges::find(kSystemTopics, name, &SystemTopic::name) != std::end(kSystemTopics);
}

Topics::Topics(store::MessageStore& store, TopicsOptions options)
    : store_(store), options_(std::move(options)) {
  for (TopicConfig& config : first_topics(options_)) {
    auto topic = make_topic(std::move(config), store_);
    shard(topic->name()).topics.insert_or_assign(topic);
  }
}

std::shared_ptr<Topic> Topics::find(std::string_view name) {
  return is_light(name) ? light(name, true) : look(name);
}

std::shared_ptr<Topic> Topics::look(std::string_view name) const {
  const std::size_t hash = topic_hash(name);
  Shard& in = shard(hash);
  std::shared_lock lock(in.mutex);
  const auto* const found = in.topics.find(hash, name);
  return found == nullptr ? nullptr : *found;
}

Result<std::shared_ptr<Topic>> Topics::find_or_create(std::string_view name,
                                                      std::string_view default_topic,
                                                      std::int32_t client_queues, WallTime now) {
  if (auto found = find(name)) return found;
  SLUICE_CHECK(check_topic_name(name));
  if (name.starts_with(kRetryPrefix)) {
    return ensure(config_of(std::string(name), 1, kPermRead | kPermWrite), now);
  }
  if (is_system_topic(name)) {
    return fail(Errc::not_permitted, fmt::format("{} is a system topic's name", name));
  }
  const auto model = options_.auto_create ? find(default_topic) : nullptr;
  if (!model || (model->perm() & kPermInherit) == 0) {
    return fail(Errc::topic_not_found,
                fmt::format("topic {} does not exist; create it with updateTopic, or set "
                            "autoCreateTopicEnable=true and send with the default topic {}",
                            name, kDefaultTopic));
  }
  TopicConfig config = *model->config();
  config.name = name;
  config.read_queues = config.write_queues =
      std::max(1, std::min(client_queues, model->write_queues()));
  config.perm &= ~kPermInherit;
  return ensure(std::move(config), now);
}

Result<std::shared_ptr<Topic>> Topics::ensure(TopicConfig config, WallTime now) {
  if (auto found = find(config.name)) return found;
  SLUICE_CHECK(check_config(config));
  std::shared_ptr<Topic> topic;
  {
    std::lock_guard one_change(change_mutex_);
    if (auto found = find(config.name)) return found;
    topic = make_topic(std::move(config), store_);
    Shard& in = shard(topic->name());
    std::unique_lock lock(in.mutex);
    in.topics.insert(topic);
  }
  changed(now);
  return topic;
}

Result<void> Topics::put(TopicConfig config, WallTime now) {
  bool differs = false;
  {
    std::lock_guard one_change(change_mutex_);
    SLUICE_TRY(differs, put_locked(std::move(config)));
  }
  if (differs) changed(now);
  return {};
}

Result<void> Topics::put(TopicConfig config, const Attributes& changes, WallTime now) {
  const auto type = changes.find("+message.type");
  if (!options_.mixed_types && type != changes.end() &&
      type->second == name_of(MessageType::mixed)) {
    return fail(Errc::invalid_argument,
                fmt::format("topic {} cannot be of message.type MIXED: the broker's "
                            "enableMixedMessageType is false",
                            config.name));
  }
  bool differs = false;
  {
    std::lock_guard one_change(change_mutex_);
    const auto found = find(config.name);
    SLUICE_TRY(
        config.attributes,
        alter_attributes(!found, found ? found->config()->attributes : Attributes(), changes));
    SLUICE_TRY(differs, put_locked(std::move(config)));
  }
  if (differs) changed(now);
  return {};
}

/// Whether anything is different now.
Result<bool> Topics::put_locked(TopicConfig config) {
  SLUICE_CHECK(check_config(config));
  if (is_system_topic(config.name)) {
    return fail(Errc::not_permitted,
                fmt::format("{} is a system topic and cannot be changed", config.name));
  }
  if (is_light(config.name)) return false;  // as Apache's broker: they are what they are
  if (auto found = find(config.name)) {
    if (*found->config() == config) return false;
    found->configure(std::move(config));
    return true;
  }
  auto topic = make_topic(std::move(config), store_);
  Shard& in = shard(topic->name());
  std::unique_lock lock(in.mutex);
  in.topics.insert(topic);
  return true;
}

Result<void> Topics::remove(std::string_view name, WallTime now) {
  if (is_system_topic(name)) {
    return fail(Errc::not_permitted, fmt::format("{} is a system topic and stays", name));
  }
  Result<void> files;
  {
    std::lock_guard one_change(change_mutex_);
    const auto topic = find(name);
    if (!topic) return fail(Errc::topic_not_found, fmt::format("topic {} does not exist", name));
    topic->deleted_ = true;
    {
      Shard& in = shard(name);
      std::unique_lock lock(in.mutex);
      in.topics.erase(topic->name());
      if (is_light(name)) lights_.fetch_sub(1);
    }
    // Before the next change, which may make a topic of this name with queues of its own.
    files = store_.remove_topic(topic->name());
  }
  changed(now);
  return files;
}

std::vector<std::shared_ptr<const TopicConfig>> Topics::configs() const {
  std::vector<std::shared_ptr<const TopicConfig>> all;
  for (const Shard& in : shards_) {
    std::shared_lock lock(in.mutex);
    in.topics.for_each([&](const Topic& topic) {
      if (!is_light(topic.name())) all.push_back(topic.config());
    });
  }
  std::ranges::sort(all, {}, [](const auto& config) -> const std::string& { return config->name; });
  return all;
}

DataVersion Topics::version() const {
  std::lock_guard lock(change_mutex_);
  return version_;
}

void Topics::on_change(std::function<void()> fn) {
  std::lock_guard lock(change_mutex_);
  on_change_ = std::move(fn);
}

void Topics::restore(std::vector<TopicConfig> configs, DataVersion version) {
  std::lock_guard one_change(change_mutex_);
  for (TopicConfig& config : configs) {
    // Another broker may have allowed more; what is kept must fit the tables.
    config.read_queues = std::clamp(config.read_queues, 0, kQueuesMax);
    config.write_queues = std::clamp(config.write_queues, 0, kQueuesMax);
    auto topic = make_topic(std::move(config), store_);
    Shard& in = shard(topic->name());
    std::unique_lock lock(in.mutex);
    in.topics.insert_or_assign(topic);
  }
  version_ = version;
}

void Topics::changed(WallTime now) {
  std::function<void()> tell;
  {
    std::lock_guard lock(change_mutex_);
    version_.timestamp = unix_ms(now);
    ++version_.counter;
    tell = on_change_;
  }
  if (tell) tell();
}

}  // namespace sluice::broker
