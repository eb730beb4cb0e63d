#include "client/consuming/member.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/engine/together.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {

constexpr std::string_view kRetryPrefix = "%RETRY%";
constexpr int kPullBatchMax = 1'024;

}  // namespace

Result<void> MemberSettings::check() const {
  SLUICE_CHECK(check_group(listed ? group : "nobody's", subscriptions));
  if (limits.messages < 1 || limits.bytes < 1) {
    return bad_option("max_cached_messages and max_cached_bytes must be at least 1");
  }
  if (pull_batch < 1 || pull_batch > kPullBatchMax) {
    return bad_option(
        fmt::format("pull_batch is {}; 1 to {} are allowed", pull_batch, kPullBatchMax));
  }
  if (broadcasting && orderly) {
    return bad_option(
        "a broadcasting consumer shares no queues, so it cannot lock them: not orderly");
  }
  if (start == StartAt::time && start_time == std::chrono::system_clock::time_point()) {
    return bad_option("StartAt::time needs a start_time");
  }
  if (sharing.rule == Sharing::nearby_machine_room) {
    if (!sharing.room_of_broker || !sharing.room_of_member) {
      return bad_option("nearby_machine_room needs room_of_broker and room_of_member");
    }
    if (sharing.within == Sharing::nearby_machine_room) {
      return bad_option("nearby_machine_room cannot be the rule within a room");
    }
  }
  if (sharing.virtual_nodes < 1) return bad_option("virtual_nodes must be at least 1");
  if (commit_interval.count() < 1 || rebalance_interval.count() < 1) {
    return bad_option("commit_interval and rebalance_interval must be at least 1 ms");
  }
  return {};
}

Member::Member(std::shared_ptr<Core> core, MemberSettings settings)
    : core_(std::move(core)),
      settings_(std::move(settings)),
      began_(Core::now()),
      offsets_(*core_, settings_.group,
               settings_.broadcasting ? OffsetKeeper::file_of(settings_.offset_directory,
                                                              core_->offsets_id(), settings_.group)
                                      : std::string()),
      is_assigned_(settings_.assigned),
      rebalance_(core_->reactor()),
      commit_(core_->reactor()),
      lock_(core_->reactor()) {
  const std::int64_t version = next_version();
  for (const Subscription& s : settings_.subscriptions) interests_[s.topic] = {s, version};
  // What was not done comes again from there.
  if (settings_.pushes && !settings_.broadcasting) {
    interests_[retry_topic()] = {{.topic = retry_topic()}, version};
  }
}

std::string Member::retry_topic() const { return std::string(kRetryPrefix) + settings_.group; }

std::int64_t Member::next_version() {
  version_ = std::max(version_ + 1, unix_ms(Core::wall_now()));
  return version_;
}

template <class Loop>
void Member::run(Loop loop) {
  run_detached([](std::shared_ptr<Member> self, Loop body) -> Task<void> {
    co_await (*self.*body)();
  }(shared_from_this(), loop));
}

void Member::begin() {
  core_->add(shared_from_this());
  run(&Member::keep_balanced);
  run(&Member::keep_committed);
  if (settings_.orderly) run(&Member::keep_locked);
}

void Member::describe(HeartbeatBody& heartbeat) const {
  if (!settings_.listed) return;
  heartbeat.consumers.push_back(heartbeat_of(introduction()));
}

Introduction Member::introduction() const {
  return {.group = settings_.group,
          .way = settings_.pushes ? Way::push : Way::pull,
          .broadcasting = settings_.broadcasting,
          .start = settings_.start,
          .interests = interests_};
}

Task<void> Member::subscribe(Subscription subscription) {
  const auto self = shared_from_this();
  const std::string topic = subscription.topic;
  interests_[topic] = {std::move(subscription), next_version()};
  static_cast<void>(co_await core_->routes().get(topic));
  // The brokers know the new expression before anything is read by it.
  co_await core_->heartbeat();
  for (const auto& [queue, shelf] : shelves_) {
    if (queue.topic == topic) start_reading(shelf);
  }
  rebalance_.ring();
}

Task<void> Member::unsubscribe(std::string topic) {
  const auto self = shared_from_this();
  if (interests_.erase(topic) == 0) co_return;
  std::vector<Task<void>> drops;
  for (const auto& [queue, shelf] : shelves_) {
    if (queue.topic == topic) drops.push_back(drop(shelf));
  }
  co_await together(std::move(drops));
  publish_queues();
  next_version();
  co_await core_->heartbeat();
}

Task<void> Member::assign(std::vector<Queue> queues) {
  const auto self = shared_from_this();
  is_assigned_ = true;
  assigned_ = std::move(queues);
  co_await balance_all();
  rebalance_.ring();  // what did not succeed is tried again by the loop
}

ShelfPtr Member::find(const Queue& queue) const {
  const auto found = shelves_.find(queue);
  return found == shelves_.end() ? nullptr : found->second;
}

std::vector<ShelfPtr> Member::shelves() const {
  std::vector<ShelfPtr> all;
  all.reserve(shelves_.size());
  for (const auto& [queue, shelf] : shelves_) all.push_back(shelf);
  return all;
}

bool Member::may_give(const Shelf& shelf) const {
  if (shelf.messages.waiting() == 0 || shelf.paused || shelf.dropped) return false;
  if (!settings_.orderly) return true;
  return !shelf.busy && !(shelf.before && shelf.before->busy) && lock_holds(shelf);
}

Task<void> Member::keep_committed() {
  const Inside inside(loops_);
  while (!stopping_) {
    co_await commit_.wait(settings_.commit_interval);
    if (settings_.commits) co_await commit_all();
  }
}

Task<void> Member::commit_all() {
  std::vector<Task<void>> commits;
  for (const ShelfPtr& shelf : shelves()) commits.push_back(commit(shelf));
  co_await together(std::move(commits));
  if (auto kept = offsets_.flush(); !kept) {
    core_->log(LogLevel::warning, std::string(kept.error().remark()));
  }
}

Task<void> Member::commit(ShelfPtr shelf) {
  if (shelf->forgotten) co_return;
  std::int64_t offset = shelf->messages.committable();
  // Nothing in hand: all that was read is done, and what filters kept back is passed, too.
  if (shelf->messages.count() == 0) offset = std::max(offset, shelf->next);
  if (offset < 0 || offset == shelf->committed) co_return;
  const auto stored = co_await offsets_.store(shelf->queue, offset);
  if (stored) {
    shelf->committed = offset;
  } else {
    core_->log(LogLevel::warning,
               fmt::format("the offset of {} queue {} was not committed: {}", shelf->queue.topic,
                           shelf->queue.id, stored.error().remark()));
  }
}

void Member::suspend_reading(bool on) {
  reading_suspended_ = on;
  for (const auto& [queue, shelf] : shelves_) shelf->ring();
}

std::vector<Queue> Member::queues() const {
  const std::lock_guard lock(queues_mutex_);
  return queues_;
}

Task<void> Member::stop() {
  const auto self = shared_from_this();
  if (stopping_) {
    co_await stops_;
    co_return;
  }
  const Inside inside(stops_);
  stopping_ = true;
  for (Alarm* alarm : {&rebalance_, &commit_, &lock_}) alarm->ring();
  for (const auto& [queue, shelf] : shelves_) shelf->ring();
  co_await wind_down();
  co_await loops_;
  std::vector<Task<void>> drops;
  for (const ShelfPtr& shelf : shelves()) drops.push_back(drop(shelf));
  co_await together(std::move(drops));
  publish_queues();
  core_->remove(*this);
  if (settings_.listed) co_await core_->unregister({}, settings_.group);
}

}  // namespace sluice::client
