#include <algorithm>
#include <utility>

#include <boost/align/aligned_allocator.hpp>
#include <fmt/format.h>

#include "base/assert.h"
#include "broker/topics.h"

/// One topic: its configuration and its queues.
namespace sluice::broker {
Topic::Topic(TopicConfig config, store::MessageStore& store)
    : name_(config.name),
      read_queues_(config.read_queues),
      write_queues_(config.write_queues),
      perm_(config.perm),
      traits_(traits_of(config.attributes)),
      store_(store),
      config_(std::make_shared<const TopicConfig>(std::move(config))) {
  first_.count = static_cast<std::size_t>(std::max({read_queues(), write_queues(), 1}));
  first_.queues = std::make_unique<TopicQueue[]>(first_.count);
  tell_store(nullptr);
}

Topic::~Topic() = default;

std::shared_ptr<Topic> make_topic(TopicConfig config, store::MessageStore& store) {
  const boost::alignment::aligned_allocator<Topic, 64> lines;
  return std::allocate_shared<Topic>(lines, std::move(config), store);
}

/// That a topic has no rule is said when it has lost one: one whose configuration is lost is made
/// again without, and shall not lose its messages for it.
void Topic::tell_store(const TopicConfig* before) {
  if (traits().compacts) return store_.compact_topic(name_);
  const auto rule = retention_of(config_->attributes);
  if (rule || (before && retention_of(before->attributes))) store_.retain_topic(name_, rule);
}

/// nullptr: there is none yet.
TopicQueue* Topic::place(QueueId id) const {
  auto at = static_cast<std::size_t>(id.value);
  for (const Block* block = &first_; block != nullptr; block = block->next.load()) {
    if (at < block->count) return &block->queues[at];
    at -= block->count;
  }
  return nullptr;
}

/// At least so many, and twice those there are, so that few blocks are enough.
void Topic::make_places(std::size_t wanted) {
  std::size_t had = first_.count;
  for (const auto& block : more_) had += block->count;
  if (wanted <= had) return;
  auto block = std::make_unique<Block>();
  block->count = std::max(wanted, std::min<std::size_t>(2 * had, kQueuesMax)) - had;
  block->queues = std::make_unique<TopicQueue[]>(block->count);
  Block& last = more_.empty() ? first_ : *more_.back();
  more_.push_back(std::move(block));
  last.next.store(more_.back().get());
}

std::shared_ptr<const TopicConfig> Topic::config() const {
  std::lock_guard lock(mutex_);
  return config_;
}

Topic::Found Topic::find(QueueId id) {
  if (id.value < 0 || id.value >= std::max(read_queues(), write_queues())) return {};
  TopicQueue* const known = place(id);
  if (known != nullptr && known->made.load(std::memory_order_acquire)) return {known, known->index};
  std::lock_guard lock(mutex_);
  make_places(static_cast<std::size_t>(id.value) + 1);
  TopicQueue& queue = *place(id);
  if (!queue.made.load(std::memory_order_relaxed)) {
    indexes_.push_back(store_.queue(name_, id));
    SLUICE_ASSERT(indexes_.back() != nullptr);
    queue.topic = this;
    queue.index = indexes_.back().get();
    queue.made.store(true, std::memory_order_release);
  }
  return {&queue, queue.index};
}

/// Touches nothing itself.
void Topic::expect() const {
  __builtin_prefetch(&name_);
  __builtin_prefetch(&watchers_);
}

void Topic::expect_queue(QueueId id) const {
  if (id.value >= 0) __builtin_prefetch(place(id), 1);
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
