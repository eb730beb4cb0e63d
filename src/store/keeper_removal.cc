#include <algorithm>

#include "base/log.h"
#include "store/keeper.h"
#include "store/layout.h"

/// What topics keep beside the log goes: by their rules, for the disk, with the topic.
namespace sluice::store {
namespace {

/// Store time of the newest message that can be read.
WallTime newest_of(const Compacted& part) {
  for (std::int64_t index = part.count(); index-- > 0;) {
    const auto row = part.row(index);
    const auto bytes = row ? part.read(row->at, row->size) : fail(Errc::not_found);
    if (!bytes) continue;
    const auto scan = wire::record::scan(*bytes, wire::record::CrcCheck::skip);
    if (scan.kind != wire::record::Scan::Kind::record) continue;
    return from_unix_ms(scan.record.placement.store_ms);
  }
  return from_unix_ms(0);
}

}  // namespace

Result<void> Keeper::forget(const std::string& topic) {
  {
    const std::lock_guard lock(rules_mutex_);
    rules_.erase(topic);
  }
  const std::string folder = kept_folder(options_.root) + '/' + topic;
  const std::lock_guard working(work_);
  std::erase_if(tasks_, [&](const Task& task) { return task.queue->topic() == topic; });
  if (copy_ && copy_->queue().topic() == topic) copy_.reset();
  if (!is_folder_name(topic) || !disk_.exists(folder)) return {};
  for (const auto& queue : queues_.of_topic(topic)) {
    while (!parts_of(*queue).empty()) SLUICE_CHECK(drop_first(*queue, Why::expired));
  }
  topics_.erase(topic);
  return disk_.remove(folder);
}

Result<void> Keeper::remove(const LogQueue& queue, const Compacted& part) {
  files_.remove(part);
  const std::string folder = folder_of(queue) + '/' + file_name(part.upto().value);
  return disk_.exists(folder) ? remove_kept(disk_, folder) : Result<void>();
}

/// What has expired is not to be copied again where the log still has it.
Result<void> Keeper::drop_first(LogQueue& queue, Why why) {
  std::vector<Kept::Part> parts = parts_of(queue);
  const Kept::Part gone = parts.front();
  parts.erase(parts.begin());
  if (why == Why::expired) queue.raise_floor(gone->upto());
  publish(queue, std::move(parts));
  return remove(queue, *gone);
}

std::optional<Keeper::Oldest> Keeper::oldest_of(const std::string& topic) const {
  std::optional<Oldest> oldest;
  for (const auto& queue : queues_.of_topic(topic)) {
    const std::vector<Kept::Part> parts = parts_of(*queue);
    if (parts.empty()) continue;
    const WallTime newest = newest_of(*parts.front());
    if (!oldest || newest < oldest->newest) oldest = {queue, newest};
  }
  return oldest;
}

std::int64_t Keeper::bytes_of(const std::string& topic) const {
  std::int64_t bytes = 0;
  for (const auto& queue : queues_.of_topic(topic)) {
    for (const Kept::Part& part : parts_of(*queue)) bytes += part->bytes();
  }
  return bytes;
}

/// The share is kept whole: a part goes when what is left is still as much.
Result<void> Keeper::expire(const std::string& topic, const std::optional<TopicRetention>& rule) {
  std::int64_t bytes = bytes_of(topic);
  while (const auto oldest = oldest_of(topic)) {
    const std::int64_t size = parts_of(*oldest->queue).front()->bytes();
    const bool stays =
        rule && bytes - size < rule->bytes && clock_.wall() - oldest->newest < rule->keep;
    if (stays) return {};
    SLUICE_CHECK(drop_first(*oldest->queue, rule ? Why::expired : Why::unwanted));
    bytes -= size;
  }
  return {};
}

void Keeper::expire() {
  const std::lock_guard working(work_);
  const Rules rules = this->rules();
  for (const std::string& topic : topics_) {
    const auto rule = rules.find(topic);
    if (rule == rules.end()) {  // its configuration may be lost, and is no reason to lose more
      if (!unruled_.insert(topic).second) continue;
      log::warn("kept_without_a_rule",
                {{"topic", topic},
                 {"effect",
                  "what it keeps beside the log stays; to let it go, set retention.ms "
                  "and remove it again"}});
    } else if (auto done = expire(topic, rule->second); !done) {
      log::error("kept_messages_not_removed", {{"topic", topic}, {"why", done.error().remark()}});
    }
  }
}

Result<std::int64_t> Keeper::drop_of_largest() {
  std::int64_t most = 0;
  const std::string* largest = nullptr;
  for (const std::string& topic : topics_) {
    const std::int64_t bytes = bytes_of(topic);
    if (bytes <= most) continue;
    most = bytes;
    largest = &topic;
  }
  const auto oldest = largest ? oldest_of(*largest) : std::nullopt;
  if (!oldest) return 0;
  const std::int64_t size = parts_of(*oldest->queue).front()->bytes();
  log::warn("kept_messages_given_up", {{"topic", *largest},
                                       {"queue", oldest->queue->id().value},
                                       {"bytes", size},
                                       {"why", "the disk is full"}});
  SLUICE_CHECK(drop_first(*oldest->queue, Why::expired));
  return size;
}

Result<std::int64_t> Keeper::give_up() {
  const std::lock_guard working(work_);
  return drop_of_largest();
}

}  // namespace sluice::store
