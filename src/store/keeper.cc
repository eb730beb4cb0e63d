#include "store/keeper.h"

#include <algorithm>

#include "base/log.h"
#include "base/numbers.h"
#include "store/layout.h"

namespace sluice::store {
namespace {

constexpr milliseconds kPauseAfterFailure{10'000}, kPauseOnFullDisk{1000};
constexpr milliseconds kPatience{60'000};
constexpr std::int64_t kPartLeast = 1 << 20;
constexpr std::int64_t kPartCost = 256 << 10;  // of its syncs, beside its bytes

bool is_in(const Kept::Part& part, std::span<const Kept::Part> parts) {
  return std::ranges::find(parts, part) != parts.end();
}

}  // namespace

std::vector<Kept::Part> Keeper::parts_of(const LogQueue& queue) {
  const auto kept = queue.kept();
  if (!kept || kept->kind() != Kept::Kind::behind_log) return {};
  return kept->parts();
}

std::string Keeper::folder_of(const LogQueue& queue) const {
  return kept_folder(options_.root) + '/' + queue.topic() + '/' + std::to_string(queue.id().value);
}

Result<void> Keeper::start() {
  const std::lock_guard working(work_);
  SLUICE_TRY(const auto topics, disk_.list(kept_folder(options_.root)));
  for (const std::string& topic : topics) {
    SLUICE_TRY(const auto ids, disk_.list(kept_folder(options_.root) + '/' + topic));
    for (const std::string& text : ids) {
      const auto id = parse_number<std::int32_t>(text);
      if (id && *id >= 0) SLUICE_CHECK(open(topic, QueueId(*id)));
    }
  }
  return {};
}

/// Those that a later one has taken in go, and so does what a crash has left.
Result<void> Keeper::open(const std::string& topic, QueueId id) {
  const auto queue = queues_.find_or_create(topic, id);
  const std::string folder = folder_of(*queue);
  SLUICE_TRY(const auto names, disk_.list(folder));
  std::vector<Kept::Part> parts;
  for (const std::string& name : names) {
    SLUICE_TRY(auto part, Compacted::open(disk_, folder + '/' + name, files_.next_id()));
    if (!part) {
      SLUICE_CHECK(disk_.remove(folder + '/' + name));
      continue;
    }
    while (part->count() > 0 && !parts.empty() &&
           (parts.back()->count() == 0 || parts.back()->offset_of(0) >= part->offset_of(0))) {
      SLUICE_CHECK(remove_kept(disk_, folder + '/' + file_name(parts.back()->upto().value)));
      parts.pop_back();
    }
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return {};
  const QueueOffset upto = parts.back()->upto();
  if (queue->next() < upto) {
    log::warn("queue_begins_behind_kept",
              {{"topic", topic}, {"queue", id.value}, {"offset", upto.value}});
    SLUICE_CHECK(queue->skip_to(upto));
  }
  for (const Kept::Part& part : parts) {
    // A process that was killed may not have come to it, and then the log goes.
    const std::string at = folder + '/' + file_name(part->upto().value);
    SLUICE_CHECK(disk_.sync_folder(at));
    SLUICE_CHECK(sync_folders(disk_, at, options_.root));
    files_.add(part);
  }
  publish(*queue, std::move(parts));
  return {};
}

void Keeper::publish(LogQueue& queue, std::vector<Kept::Part> parts) {
  topics_.insert(queue.topic());
  queue.set_kept(parts.empty()
                     ? nullptr
                     : std::make_shared<const Kept>(Kept::Kind::behind_log, std::move(parts)));
}

void Keeper::watch(std::string_view topic, std::optional<TopicRetention> rule) {
  const std::lock_guard lock(rules_mutex_);
  rules_.insert_or_assign(std::string(topic), rule);
}

Keeper::Rules Keeper::rules() const {
  const std::lock_guard lock(rules_mutex_);
  return rules_;
}

std::vector<std::pair<std::shared_ptr<LogQueue>, milliseconds>> Keeper::timed() const {
  std::vector<std::pair<std::shared_ptr<LogQueue>, milliseconds>> all;
  for (const auto& [topic, rule] : rules()) {
    if (!rule || rule->keep == TopicRetention::kForEver) continue;
    for (auto& queue : queues_.of_topic(topic)) all.emplace_back(std::move(queue), rule->keep);
  }
  return all;
}

Result<bool> Keeper::covers(const LogQueue& queue, LogPosition position) const {
  const auto kept = queue.kept();
  const QueueOffset upto = kept ? kept->upto() : QueueOffset(0);
  SLUICE_TRY(const QueueOffset first, queue.first_at(position));
  return first <= std::max({upto, queue.log_min(), queue.floor()});
}

bool Keeper::covers(LogPosition position, LogPosition ahead) {
  if (position.value <= given_up_.load()) return true;
  for (const auto& [topic, rule] : rules()) {
    if (!rule) continue;
    for (const auto& queue : queues_.of_topic(topic)) {
      const auto covered = queue->removed() ? true : covers(*queue, position);
      if (covered && *covered) continue;
      if (waits_for_.exchange(position.value) != position.value) waits_since_ = clock_.steady();
      wanted_.store(ahead.value);
      return false;
    }
  }
  wanted_.store(0);
  return true;
}

Result<std::vector<Keeper::Task>> Keeper::uncovered(LogPosition wanted) const {
  std::vector<Task> tasks;
  for (const auto& [topic, rule] : rules()) {
    if (!rule) continue;
    // Small parts of a small share, so that little more than the share is kept.
    const std::int64_t part_bytes =
        std::min(options_.kept_part_bytes, std::max(rule->bytes / 8, kPartLeast));
    for (auto& queue : queues_.of_topic(topic)) {
      SLUICE_TRY(const bool covered, covers(*queue, wanted));
      if (!covered && !queue->removed()) tasks.emplace_back(std::move(queue), part_bytes);
    }
  }
  return tasks;
}

/// False: nothing is to be copied.
Result<bool> Keeper::start_copy() {
  const LogPosition wanted(wanted_.load());
  if (wanted.value == 0 || clock_.steady() < again_) return false;
  if (tasks_.empty()) {
    SLUICE_TRY(tasks_, uncovered(wanted));
  }
  while (!tasks_.empty()) {
    const Task task = std::move(tasks_.back());
    tasks_.pop_back();
    SLUICE_TRY(const bool covered, covers(*task.queue, wanted));
    if (covered || task.queue->removed()) continue;
    SLUICE_TRY(const Disk::Space space, disk_.space(options_.root));
    if (space.available < options_.space.reserved_bytes + 2 * task.part_bytes) {
      return fail(Errc::disk_full, fmt::format("the disk of {} has no room for a copy of {} bytes",
                                               options_.root, task.part_bytes));
    }
    SLUICE_TRY(copy_, PartCopy::start(disk_, log_, task.queue, folder_of(*task.queue), wanted,
                                      task.part_bytes));
    return true;
  }
  return false;
}

/// With pauses between parts, for who wants to delete a topic.
bool Keeper::step(std::int64_t bytes) {
  while (bytes > 0) {
    const std::lock_guard working(work_);
    if (!step_once(bytes)) return false;
  }
  return true;
}

/// False: there is nothing to do now.
bool Keeper::step_once(std::int64_t& bytes) {
  if (!copy_) {
    const auto started = start_copy();
    if (!started) failed(started.error());
    if (!started || !*started) return false;
  }
  auto done = copy_->step(bytes);
  if (done && !*done) return true;
  const Result<void> finished = done ? finish(*copy_) : fail(std::move(done.error()));
  copy_.reset();
  if (!finished) failed(finished.error());
  bytes -= kPartCost;
  return finished.has_value();
}

Result<void> Keeper::finish(PartCopy& copy) {
  LogQueue& queue = copy.queue();
  if (copy.lost() > 0) {
    log::error("damaged_messages_not_kept",
               {{"topic", queue.topic()}, {"queue", queue.id().value}, {"messages", copy.lost()}});
  }
  if (copy.folder().empty() || queue.removed()) return {};
  SLUICE_CHECK(sync_folders(disk_, copy.folder(), options_.root));
  SLUICE_TRY(auto made, Compacted::open(disk_, copy.folder(), files_.next_id()));
  if (!made) return {};
  files_.add(made);
  std::vector<Kept::Part> parts = parts_of(queue);  // some may have gone meanwhile
  std::erase_if(parts, [&](const Kept::Part& part) { return is_in(part, copy.taken_in()); });
  parts.push_back(std::move(made));
  publish(queue, std::move(parts));
  copy.keep();
  for (const Kept::Part& part : copy.taken_in()) {
    if (auto done = remove(queue, *part); !done) {  // the next start does it
      log::warn("kept_messages_not_removed", {{"why", done.error().remark()}});
    }
  }
  return {};
}

void Keeper::failed(const Error& why) {
  log::error("messages_not_kept", {{"why", why.remark()}});
  const bool full = why.code() == Errc::disk_full;
  again_ = clock_.steady() + (full ? kPauseOnFullDisk : kPauseAfterFailure);
  if (!full) return;
  const auto freed = drop_of_largest();
  if (!freed || *freed == 0) stop_waiting("the disk is full, and the log needs the room");
}

void Keeper::stop_waiting(std::string_view why) {
  given_up_.store(waits_for_.load());
  log::error("retention_cut_short", {{"position", waits_for_.load()}, {"why", why}});
}

void Keeper::lose_patience() {
  if (wanted_.load() == 0 || clock_.steady() - waits_since_.load() < kPatience) return;
  stop_waiting("the disk is nearly full, and what topics keep could not be copied for a minute");
}

}  // namespace sluice::store
