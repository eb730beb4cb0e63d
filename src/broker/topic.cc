#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "broker/topics.h"

/// One topic: its configuration and its queues.
namespace sluice::broker {
Topic::Topic(TopicConfig config, store::MessageStore& store)
    : name_(config.name),
      store_(store),
      read_queues_(config.read_queues),
      write_queues_(config.write_queues),
      perm_(config.perm),
      traits_(traits_of(config.attributes)),
      config_(std::make_shared<const TopicConfig>(std::move(config))) {
  make_slots(static_cast<std::size_t>(std::max({read_queues(), write_queues(), 1})));
  tell_store(nullptr);
}

Topic::~Topic() = default;

/// That a topic has no rule is said when it has lost one: one whose configuration is lost is made
/// again without, and shall not lose its messages for it.
void Topic::tell_store(const TopicConfig* before) {
  if (traits().compacts) return store_.compact_topic(name_);
  const auto rule = retention_of(config_->attributes);
  if (rule || (before && retention_of(before->attributes))) store_.retain_topic(name_, rule);
}

/// Room for so many queues. Readers need no lock; who holds the slots before,
/// finds there what they had, and asks under the mutex for what is new.
void Topic::make_slots(std::size_t wanted) {
  const std::size_t had = slot_count_.load(std::memory_order_relaxed);
  if (wanted <= had) return;
  const Slot* const before = slots_.load(std::memory_order_relaxed);
  const std::size_t count = std::max(wanted, std::min<std::size_t>(2 * had, kQueuesMax));
  auto made = std::make_unique<Slot[]>(count);
  for (std::size_t i = 0; i < had; ++i) {
    made[i].index = before[i].index;
    made[i].queue.store(before[i].queue.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  slots_.store(made.get(), std::memory_order_release);
  slot_count_.store(static_cast<std::uint32_t>(count), std::memory_order_release);
  slots_made_.push_back(std::move(made));
}

std::shared_ptr<const TopicConfig> Topic::config() const {
  std::lock_guard lock(mutex_);
  return config_;
}

Topic::Found Topic::find(QueueId id) {
  if (id.value < 0 || id.value >= std::max(read_queues(), write_queues())) return {};
  const auto at = static_cast<std::size_t>(id.value);
  if (at < slot_count_.load(std::memory_order_acquire)) {
    const Slot& slot = slots_.load(std::memory_order_acquire)[at];
    if (TopicQueue* made = slot.queue.load(std::memory_order_acquire)) return {made, slot.index};
  }
  std::lock_guard lock(mutex_);
  make_slots(at + 1);
  Slot& slot = slots_.load(std::memory_order_relaxed)[at];
  if (TopicQueue* made = slot.queue.load(std::memory_order_relaxed)) return {made, slot.index};
  auto fresh = std::make_unique<TopicQueue>(*this);
  fresh->index = store_.queue(name_, id);
  SLUICE_ASSERT(fresh->index != nullptr);
  slot.index = fresh->index.get();
  slot.queue.store(fresh.get(), std::memory_order_release);
  queues_.push_back(std::move(fresh));
  return {queues_.back().get(), slot.index};
}

/// Also what lies before it: the count of who holds it.
void Topic::expect() const {
  __builtin_prefetch(reinterpret_cast<const std::byte*>(this) - 1, 1);
  __builtin_prefetch(this);
  __builtin_prefetch(&slots_);
}

void Topic::expect_place(QueueId id) const {
  const std::uint32_t count = slot_count_.load(std::memory_order_acquire);
  if (std::cmp_less(id.value, 0) || std::cmp_greater_equal(id.value, count)) return;
  __builtin_prefetch(slots_.load(std::memory_order_acquire) + id.value);
}

void Topic::expect_queue(QueueId id) const {
  const std::uint32_t count = slot_count_.load(std::memory_order_acquire);
  if (std::cmp_less(id.value, 0) || std::cmp_greater_equal(id.value, count)) return;
  const Slot& slot = slots_.load(std::memory_order_acquire)[id.value];
  const TopicQueue* const queue = slot.queue.load(std::memory_order_acquire);
  __builtin_prefetch(queue, 1);
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
  const auto before =
      std::exchange(config_, std::make_shared<const TopicConfig>(std::move(config)));
  tell_store(before.get());
}

}  // namespace sluice::broker
