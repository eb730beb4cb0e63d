#include "broker/broker.h"

#include <fmt/format.h>

#include "broker/popping.h"
#include "broker/snapshots.h"
#include "store/text_file.h"
#include "wire/record/properties.h"

namespace sluice::broker {
namespace {

constexpr milliseconds kSilence{120'000};  // a member not heard of for longer has gone

std::string extra_properties(const BrokerOptions& options) {
  std::string text;
  wire::record::append_property(text, wire::record::property::kRegion, options.region);
  wire::record::append_property(text, wire::record::property::kTraceOn,
                                options.trace_on ? "true" : "false");
  wire::record::append_property(text, wire::record::property::kCluster, options.cluster);
  return text;
}

/// A snapshot, or nothing when there is none yet. A file that cannot be parsed counts as damaged:
/// its .bak is tried.
template <auto parse>
auto read_snapshot(store::Disk& disk, const std::string& path)
    -> Result<std::optional<std::remove_cvref_t<decltype(*parse({}))>>> {
  SLUICE_TRY(const auto text, store::read_text_file(disk, path, [](std::string_view content) {
               return parse(content).has_value();
             }));
  if (!text) return std::nullopt;
  SLUICE_TRY(auto snapshot, parse(*text));
  return snapshot;
}

}  // namespace

Broker::Broker(store::MessageStore& store, store::Disk& disk, std::string config_folder,
               BrokerOptions options)
    : options_(std::move(options)),
      store_(store),
      disk_(disk),
      config_folder_(std::move(config_folder)),
      extra_properties_(broker::extra_properties(options_)),
      unique_ids_(options_.store_host, options_.process, options_.seed),
      topics_(store, {.auto_create = options_.auto_create_topic,
                      .mixed_types = options_.mixed_types,
                      .default_queues = options_.default_topic_queues,
                      .light = options_.light_queues,
                      .light_dispatch = options_.light_dispatch,
                      .light_max = options_.light_queues_max,
                      .cluster_name = options_.cluster,
                      .broker_name = options_.name}),
      schedule_(store, topics_, options_.delay_levels, options_.store_host),
      timers_(store, topics_, options_.timers, options_.store_host),
      transactions_(store, topics_, options_.transactions, options_.store_host),
      groups_(options_.auto_create_group),
      duplicates_(options_.duplicates_max),
      request_modes_(options_.default_request_mode) {}

Result<void> Broker::load(WallTime now) {
  SLUICE_CHECK(disk_.make_folder(config_folder_));
  const std::string folder = config_folder_ + '/';
  SLUICE_TRY(auto topics, read_snapshot<topics_from_json>(disk_, folder + "topics.json"));
  SLUICE_TRY(auto groups,
             read_snapshot<groups_from_json>(disk_, folder + "subscriptionGroup.json"));
  SLUICE_TRY(auto progress,
             read_snapshot<progress_from_json>(disk_, folder + "consumerOffset.json"));
  SLUICE_TRY(auto schedule, read_snapshot<schedule_from_json>(disk_, folder + "delayOffset.json"));
  SLUICE_TRY(auto modes,
             read_snapshot<request_modes_from_json>(disk_, folder + "messageRequestMode.json"));
  SLUICE_TRY(auto variants,
             read_snapshot<progress_from_json>(disk_, folder + "consumerVariants.json"));
  // A process may have ended between a file's rename and its sync.
  SLUICE_CHECK(disk_.sync_folder(config_folder_));
  // What came out of a .bak has no file of its own any more.
  const auto is_persisted = [&](const char* name) { return disk_.exists(folder + name); };
  if (topics) {
    if (is_persisted("topics.json")) persisted_topics_ = topics->version;
    topics_.restore(std::move(topics->configs), topics->version);
  }
  if (groups) {
    if (is_persisted("subscriptionGroup.json")) persisted_groups_ = groups->version;
    groups_.restore(std::move(groups->configs), groups->version);
  }
  if (modes) request_modes_.restore(std::move(*modes));
  SLUICE_CHECK(find_topics(now));
  if (variants) {
    cut_progress(variants->entries);
    variants_.restore(variants->entries);
  }
  SLUICE_CHECK(load_progress(progress, now));
  SLUICE_CHECK(load_duplicates(now));
  SLUICE_CHECK(load_leases());
  SLUICE_CHECK(load_transactions(now));
  SLUICE_CHECK(load_timers());
  return schedule_.restore(schedule.value_or(Schedule::Snapshot{}), now);
}

Result<void> Broker::persist(WallTime now) {
  const std::scoped_lock lock(persist_mutex_);
  const auto write = [this](const char* name, const std::string& text) {
    return store::write_text_file(disk_, config_folder_ + '/' + name, text);
  };
  SLUICE_CHECK(persist_tables());
  note_transactions();
  SLUICE_CHECK(persist_progress(now));
  if (const std::uint64_t version = variants_.version(); version != persisted_variants_) {
    SLUICE_CHECK(write("consumerVariants.json",
                       progress_to_json({variants_.entries(), {}, progress_version_})));
    persisted_variants_ = version;
  }
  if (const std::uint64_t version = request_modes_.version(); version != persisted_modes_) {
    SLUICE_CHECK(write("messageRequestMode.json", request_modes_to_json(request_modes_.entries())));
    persisted_modes_ = version;
  }
  SLUICE_CHECK(persist_leases());
  SLUICE_CHECK(persist_transactions());
  return persist_schedule();
}

Result<void> Broker::persist_tables() {
  const std::scoped_lock lock(tables_mutex_);
  const auto write = [this](const char* name, const std::string& text) {
    return store::write_text_file(disk_, config_folder_ + '/' + name, text);
  };
  if (const DataVersion version = topics_.version(); version != persisted_topics_) {
    SLUICE_CHECK(write("topics.json", topics_to_json(topics_.configs(), version)));
    persisted_topics_ = version;
  }
  if (const DataVersion version = groups_.version(); version != persisted_groups_) {
    SLUICE_CHECK(write("subscriptionGroup.json", groups_to_json(groups_.configs(), version)));
    persisted_groups_ = version;
  }
  return {};
}

Result<void> Broker::find_topics(WallTime now) {
  std::map<std::string, std::int32_t> missing;
  for (const auto& queue : store_.queues()) {
    const bool known = is_system_topic(queue->topic()) || topics_.is_light(queue->topic()) ||
                       topics_.find(queue->topic());
    if (known || queue->max() == queue->min()) continue;
    std::int32_t& queues = missing[queue->topic()];
    queues = std::max(queues, queue->id().value + 1);
  }
  for (const auto& [name, queues] : missing) {
    TopicConfig config{.name = name};
    config.read_queues = config.write_queues = queues;
    if (check_topic_name(name)) SLUICE_CHECK(topics_.ensure(std::move(config), now));
  }
  return {};
}

Result<void> Broker::persist_schedule() {
  const std::scoped_lock lock(schedule_mutex_);
  Schedule::Snapshot snapshot = schedule_.snapshot();
  if (snapshot.offsets == persisted_schedule_) return {};
  SLUICE_CHECK(store::write_text_file(disk_, config_folder_ + "/delayOffset.json",
                                      schedule_to_json(snapshot)));
  persisted_schedule_ = std::move(snapshot.offsets);
  return {};
}

Result<bool> Broker::consumer_hello(const std::shared_ptr<delivery::Link>& link,
                                    delivery::Hello hello, WallTime wall, SteadyTime steady) {
  SLUICE_TRY(const auto group, groups_.find_or_create(hello.group, wall));
  hello.notify = group->notify_members_changed;
  TopicConfig retry{.name = std::string(kRetryPrefix) + hello.group};
  retry.read_queues = retry.write_queues = std::max(group->retry_queues, 1);
  SLUICE_CHECK(topics_.ensure(std::move(retry), wall));
  return consumers_.hello(link, std::move(hello), steady);
}

void Broker::disconnected(const delivery::Link* link) {
  consumers_.disconnected(link);
  producers_.disconnected(link);
}

void Broker::expire(SteadyTime now) {
  consumers_.expire(now, kSilence);
  producers_.expire(now, kSilence);
  locks_.expire(now);
  variants_.prune([this](std::string_view topic, QueueId queue) {
    const auto found = find_queue(topic, queue);
    return found ? found->second->index->min() : QueueOffset(0);
  });
}

Result<std::pair<std::shared_ptr<Topic>, TopicQueue*>> Broker::find_queue(std::string_view name,
                                                                          QueueId id) {
  auto topic = topics_.find(name);
  if (!topic) {
    return fail(Errc::topic_not_found, fmt::format("the topic {} does not exist", name));
  }
  SLUICE_TRY(TopicQueue* const queue, topic->readable_queue(id));
  return std::pair{std::move(topic), queue};
}

Result<QueueOffset> Broker::query_offset(std::string_view group, std::string_view topic, QueueId id,
                                         bool zero_if_missing, const delivery::Link* link) {
  if (const auto committed = variants_.committed(link, group, topic, id)) return *committed;
  const auto missing = [&] {
    return fail(Errc::offset_not_found,
                fmt::format("group {} has no progress in queue {} of topic {}: it may start where "
                            "it likes",
                            group, id.value, topic));
  };
  if (!zero_if_missing) return missing();
  SLUICE_TRY(const auto found, find_queue(topic, id));
  const store::Queue& queue = *found.second->index;
  if (queue.min().value > 0) return missing();
  std::array<store::IndexEntry, 1> first;
  SLUICE_TRY(const std::size_t count, queue.read(QueueOffset(0), first));
  const bool old = count > 0 && (store::is_compacted(first[0].position) ||
                                 store_.end() - first[0].position > options_.memory_bytes);
  if (old) return missing();
  return QueueOffset(0);
}

Result<void> Broker::commit_offset(std::string_view group, std::string_view topic, QueueId id,
                                   QueueOffset next, WallTime now, const delivery::Link* link) {
  SLUICE_CHECK(groups_.find_or_create(group, now));
  SLUICE_CHECK(find_queue(topic, id));
  if (next.value < 0) {
    return fail(Errc::invalid_argument, fmt::format("an offset of {} to commit", next.value));
  }
  // What a member commits that has not followed a reset yet; the target itself is there already.
  if (resets_.pending(variants_.scope(link, group, topic), topic, id)) return {};
  variants_.commit(link, group, topic, id, next);
  return {};
}

Result<void> Broker::reset_offset(std::string_view group, std::string_view topic, QueueId id,
                                  QueueOffset target, WallTime now) {
  SLUICE_CHECK(groups_.find_or_create(group, now));
  SLUICE_CHECK(find_queue(topic, id));
  const bool pops = leases_.find(group, topic) != nullptr;
  const bool broadcasts = consumers_.model(group) == delivery::MessageModel::broadcasting;
  if (!pops && !broadcasts) {  // members that pop begin there by themselves
    for (const std::string& scope : variants_.scopes(group, topic)) {
      resets_.put(scope, topic, id, target);
    }
  }
  variants_.reset(group, topic, id, target);
  if (!pops) return {};
  PopBatch batch(*this);
  return batch.reset(group, topic, id, target, now);
}

Result<void> Broker::remove_topic(std::string_view name, WallTime now) {
  SLUICE_CHECK(topics_.remove(name, now));
  progress_.remove_topic(name);
  leases_.remove_topic(name);
  variants_.remove_topic(name);
  resets_.remove_topic(name);
  request_modes_.remove_topic(name);
  return persist_leases();
}

Result<void> Broker::remove_group(std::string_view name, bool with_progress, WallTime now) {
  SLUICE_CHECK(groups_.remove(name, now));
  if (with_progress) {
    progress_.remove_group(name);
    leases_.remove_group(name);
    variants_.remove_group(name);
    resets_.remove_group(name);
  }
  request_modes_.remove_group(name);
  return persist_leases();
}

}  // namespace sluice::broker
