#include "store/compactor.h"

#include <algorithm>

#include "base/log.h"
#include "base/numbers.h"
#include "store/layout.h"

namespace sluice::store {
namespace {

constexpr milliseconds kPauseAfterFailure{10'000};

}  // namespace

std::string Compactor::folder_of(const std::string& topic, QueueId id) const {
  return compacted_folder(options_.root) + '/' + topic + '/' + std::to_string(id.value);
}

Result<void> Compactor::start() {
  const std::string folder = compacted_folder(options_.root);
  SLUICE_TRY(const auto topics, disk_.list(folder));
  for (const std::string& topic : topics) {
    SLUICE_TRY(const auto ids, disk_.list(folder + '/' + topic));
    for (const std::string& text : ids) {
      const auto id = parse_number<std::int32_t>(text);
      if (id && *id >= 0) SLUICE_CHECK(open(topic, QueueId(*id)));
    }
  }
  return {};
}

Result<void> Compactor::open(const std::string& topic, QueueId id) {
  const std::string folder = folder_of(topic, id);
  SLUICE_CHECK(remove_leftovers(disk_, folder));
  SLUICE_TRY(auto found, Compacted::open(disk_, folder, files_.next_id()));
  if (!found) return {};
  // A process that was killed may not have come to it, and then the log goes.
  SLUICE_CHECK(disk_.sync_folder(folder));
  SLUICE_CHECK(sync_folders(disk_, folder, options_.root));
  const auto queue = queues_.find_or_create(topic, id);
  if (queue->next() < found->upto()) {
    log::warn("queue_begins_behind_compacted",
              {{"topic", topic}, {"queue", id.value}, {"offset", found->upto().value}});
    SLUICE_CHECK(queue->skip_to(found->upto()));
  }
  publish(*queue, found);
  return {};
}

void Compactor::publish(LogQueue& queue, const std::shared_ptr<const Compacted>& made) {
  const auto before = queue.kept();
  files_.add(made);
  queue.set_kept(std::make_shared<const Kept>(Kept::Kind::replaces_log, std::vector{made}));
  if (before) files_.remove(*before->parts().front());
}

void Compactor::watch(std::string_view topic) {
  const std::lock_guard lock(topics_mutex_);
  topics_.emplace(topic);
}

std::vector<std::shared_ptr<LogQueue>> Compactor::watched() const {
  std::vector<std::string> topics;
  {
    const std::lock_guard lock(topics_mutex_);
    topics.assign(topics_.begin(), topics_.end());
  }
  std::vector<std::shared_ptr<LogQueue>> all;
  for (const std::string& topic : topics) {
    auto queues = queues_.of_topic(topic);
    std::ranges::move(queues, std::back_inserter(all));
  }
  return all;
}

Result<void> Compactor::forget(const std::string& topic) {
  {
    const std::lock_guard lock(topics_mutex_);
    topics_.erase(topic);
  }
  const std::string folder = compacted_folder(options_.root) + '/' + topic;
  if (!is_folder_name(topic) || !disk_.exists(folder)) return {};
  const std::lock_guard working(work_);
  if (merge_ && merge_->queue().topic() == topic) merge_.reset();
  std::erase_if(last_, [&](const auto& entry) { return entry.first.first == topic; });
  for (const auto& queue : queues_.of_topic(topic)) {
    if (const auto before = queue->kept()) files_.remove(*before->parts().front());
  }
  SLUICE_CHECK(disk_.remove(folder));
  return disk_.sync_folder(compacted_folder(options_.root));
}

Result<bool> Compactor::covers(const LogQueue& queue, LogPosition position) const {
  const auto kept = queue.kept();
  const QueueOffset upto = kept ? kept->upto() : QueueOffset(0);
  SLUICE_TRY(const QueueOffset first, queue.first_at(position));
  return first <= std::max(upto, queue.log_min());
}

bool Compactor::covers(LogPosition position) {
  for (const auto& queue : watched()) {
    const auto covered = covers(*queue, position);
    if (covered && *covered) continue;
    wanted_.store(position.value);
    return false;
  }
  wanted_.store(0);
  return true;
}

bool Compactor::is_due(const LogQueue& queue, SteadyTime now) {
  const auto [last, first_look] = last_.try_emplace({queue.topic(), queue.id().value}, now);
  const auto since = now - last->second;
  const auto kept = queue.kept();
  const std::int64_t fresh =
      queue.max() - std::max(kept ? kept->upto() : QueueOffset(0), queue.log_min());
  if (fresh == 0) return false;
  const std::int64_t wanted = wanted_.load();
  const auto covered = wanted > 0 ? covers(queue, LogPosition(wanted)) : Result<bool>(true);
  if (covered && !*covered) return first_look || since >= kPauseAfterFailure || !failed_last_;
  return since >= options_.compact_every &&
         fresh >= (kept ? kept->parts().front()->count() / 2 : 0);
}

std::shared_ptr<LogQueue> Compactor::pick() {
  const SteadyTime now = clock_.steady();
  for (auto& queue : watched()) {
    if (!queue->removed() && is_due(*queue, now)) return queue;
  }
  return nullptr;
}

bool Compactor::step(std::int64_t bytes) {
  const std::lock_guard working(work_);
  if (!merge_) {
    const auto queue = pick();
    if (!queue) return false;
    last_[{queue->topic(), queue->id().value}] = clock_.steady();
    merge_ = std::make_unique<Merge>(disk_, log_, queue, folder_of(queue->topic(), queue->id()),
                                     options_.compact_keys_bytes);
  }
  Result<void> failed;
  if (auto done = merge_->step(bytes); !done) {
    failed = fail(std::move(done.error()));
  } else if (!*done) {
    return true;
  } else {
    failed = finish(*merge_);
  }
  if (!failed) {
    log::error("compaction_failed",
               {{"folder", merge_->folder()}, {"why", failed.error().remark()}});
  }
  failed_last_ = !failed;
  merge_.reset();
  return !failed_last_;
}

Result<void> Compactor::finish(Merge& merge) {
  LogQueue& queue = merge.queue();
  SLUICE_CHECK(sync_folders(disk_, merge.folder(), options_.root));
  SLUICE_TRY(auto made, Compacted::open(disk_, merge.folder(), files_.next_id()));
  const auto before = queue.kept();
  if (!made || queue.removed() || (before && before->upto() == made->upto())) return {};
  log::info("queue_compacted", {{"topic", queue.topic()},
                                {"queue", queue.id().value},
                                {"upto", made->upto().value},
                                {"messages", made->count()},
                                {"bytes", made->bytes()}});
  publish(queue, made);
  return {};
}

}  // namespace sluice::store
