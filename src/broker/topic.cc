#include <algorithm>

#include <fmt/format.h>

#include "base/assert.h"
#include "broker/topics.h"

/// One topic: its configuration and its queues.
namespace sluice::broker {
namespace {

using Slot = std::atomic<TopicQueue*>;

}  // namespace

Topic::Topic(TopicConfig config, store::MessageStore& store, std::int32_t queues_max)
    : name_(config.name),
      store_(store),
      read_queues_(config.read_queues),
      write_queues_(config.write_queues),
      perm_(config.perm),
      traits_(traits_of(config.attributes)),
      config_(std::make_shared<const TopicConfig>(std::move(config))),
      // All slots at once, 8 KiB: readers then need no lock, and configure() never moves them.
      slots_(new Slot[static_cast<std::size_t>(queues_max)]()) {
  if (traits().compacts) store_.compact_topic(name_);
}

Topic::~Topic() { delete[] slots_.load(); }

std::shared_ptr<const TopicConfig> Topic::config() const {
  std::lock_guard lock(mutex_);
  return config_;
}

TopicQueue* Topic::queue(QueueId id) {
  if (id.value < 0 || id.value >= std::max(read_queues(), write_queues())) return nullptr;
  Slot& slot = slots_.load(std::memory_order_relaxed)[id.value];
  if (TopicQueue* made = slot.load(std::memory_order_acquire)) return made;
  std::lock_guard lock(mutex_);
  if (TopicQueue* made = slot.load(std::memory_order_relaxed)) return made;
  auto fresh = std::make_unique<TopicQueue>(*this);
  fresh->index = store_.queue(name_, id);
  SLUICE_ASSERT(fresh->index != nullptr);
  slot.store(fresh.get(), std::memory_order_release);
  queues_.push_back(std::move(fresh));
  return queues_.back().get();
}

Result<TopicQueue*> Topic::readable_queue(QueueId id) {
  TopicQueue* const found = queue(id);
  if (found && id.value < read_queues()) return found;
  return fail(Errc::queue_out_of_range,
              fmt::format("topic {} has {} read queues, there is no queue {}", name_, read_queues(),
                          id.value));
}

QueueId Topic::next_write_queue() {
  const auto queues = static_cast<std::uint32_t>(std::max(write_queues(), 1));
  return QueueId(
      static_cast<std::int32_t>(spread_.fetch_add(1, std::memory_order_relaxed) % queues));
}

void Topic::configure(TopicConfig config) {
  std::lock_guard lock(mutex_);
  read_queues_ = config.read_queues;
  write_queues_ = config.write_queues;
  perm_ = config.perm;
  traits_ = traits_of(config.attributes);
  if (traits().compacts) store_.compact_topic(name_);
  config_ = std::make_shared<const TopicConfig>(std::move(config));
}

}  // namespace sluice::broker
