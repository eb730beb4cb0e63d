#include "store/keeper.h"

#include <algorithm>

#include "base/log.h"
#include "base/numbers.h"
#include "store/layout.h"

namespace sluice::store {
namespace {

constexpr milliseconds kPauseAfterFailure{10'000};
constexpr std::int64_t kPartCost = 256 << 10;  // of its syncs, beside its bytes

/// Store time of the newest message; long ago where that cannot be told.
WallTime newest_of(const Compacted& part) {
  const auto row = part.row(part.count() - 1);
  const auto bytes = row ? part.read(row->at, row->size) : fail(Errc::not_found);
  if (!bytes) return from_unix_ms(0);
  const auto scan = wire::record::scan(*bytes, wire::record::CrcCheck::skip);
  if (scan.kind != wire::record::Scan::Kind::record) return from_unix_ms(0);
  return from_unix_ms(scan.record.placement.store_ms);
}

/// Of queues that compaction works on: none.
std::vector<Kept::Part> parts_of(const LogQueue& queue) {
  const auto kept = queue.kept();
  if (!kept || kept->kind() != Kept::Kind::behind_log) return {};
  return kept->parts();
}

bool is_in(const Kept::Part& part, std::span<const Kept::Part> parts) {
  return std::ranges::find(parts, part) != parts.end();
}

}  // namespace

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
  for (const Kept::Part& part : parts) files_.add(part);
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
  if (rule) {
    rules_.insert_or_assign(std::string(topic), *rule);
  } else if (const auto found = rules_.find(topic); found != rules_.end()) {
    rules_.erase(found);
  }
}

Keeper::Rules Keeper::rules() const {
  const std::lock_guard lock(rules_mutex_);
  return rules_;
}

std::vector<std::pair<std::shared_ptr<LogQueue>, milliseconds>> Keeper::timed() const {
  std::vector<std::pair<std::shared_ptr<LogQueue>, milliseconds>> all;
  for (const auto& [topic, rule] : rules()) {
    if (rule.keep == TopicRetention::kForEver) continue;
    for (auto& queue : queues_.of_topic(topic)) all.emplace_back(std::move(queue), rule.keep);
  }
  return all;
}

Result<void> Keeper::forget(const std::string& topic) {
  watch(topic, std::nullopt);
  const std::lock_guard working(work_);
  if (!is_folder_name(topic) || !topics_.contains(topic)) return {};
  if (copy_ && copy_->queue().topic() == topic) copy_.reset();
  for (const auto& queue : queues_.of_topic(topic)) {
    while (!parts_of(*queue).empty()) SLUICE_CHECK(drop_first(*queue));
  }
  topics_.erase(topic);
  return disk_.remove(kept_folder(options_.root) + '/' + topic);
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
    for (const auto& queue : queues_.of_topic(topic)) {
      const auto covered = covers(*queue, position);
      if (covered && *covered) continue;
      waits_for_.store(position.value);
      wanted_.store(ahead.value);
      return false;
    }
  }
  wanted_.store(0);
  return true;
}

/// False: nothing is to be copied.
Result<bool> Keeper::start_copy() {
  const LogPosition wanted(wanted_.load());
  if (wanted.value == 0 || clock_.steady() < again_) return false;
  for (const auto& [topic, rule] : rules()) {
    for (auto& queue : queues_.of_topic(topic)) {
      if (queue->removed()) continue;
      SLUICE_TRY(const bool covered, covers(*queue, wanted));
      if (covered) continue;
      SLUICE_TRY(copy_, PartCopy::start(disk_, log_, queue, folder_of(*queue), wanted,
                                        options_.kept_part_bytes));
      return true;
    }
  }
  return false;
}

bool Keeper::step(std::int64_t bytes) {
  const std::lock_guard working(work_);
  while (bytes > 0) {
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
    if (!finished) return false;
    bytes -= kPartCost;
  }
  return true;
}

Result<void> Keeper::finish(PartCopy& copy) {
  LogQueue& queue = copy.queue();
  if (copy.lost() > 0) {
    log::error("damaged_messages_not_kept",
               {{"topic", queue.topic()}, {"queue", queue.id().value}, {"messages", copy.lost()}});
  }
  SLUICE_CHECK(sync_folders(disk_, copy.folder(), options_.root));
  SLUICE_TRY(auto made, Compacted::open(disk_, copy.folder(), files_.next_id()));
  if (!made || queue.removed()) return {};
  files_.add(made);
  std::vector<Kept::Part> parts = parts_of(queue);  // some may have gone meanwhile
  std::erase_if(parts, [&](const Kept::Part& part) { return is_in(part, copy.taken_in()); });
  parts.push_back(std::move(made));
  publish(queue, std::move(parts));
  for (const Kept::Part& part : copy.taken_in()) SLUICE_CHECK(remove(queue, *part));
  return {};
}

Result<void> Keeper::remove(const LogQueue& queue, const Compacted& part) {
  files_.remove(part);
  const std::string folder = folder_of(queue) + '/' + file_name(part.upto().value);
  return disk_.exists(folder) ? remove_kept(disk_, folder) : Result<void>();
}

void Keeper::failed(const Error& why) {
  log::error("messages_not_kept", {{"why", why.remark()}});
  if (why.code() != Errc::disk_full) {
    again_ = clock_.steady() + kPauseAfterFailure;
    return;
  }
  const auto gone = drop_oldest();
  if (gone && *gone) return;
  given_up_.store(waits_for_.load());
  log::error("retention_cut_short",
             {{"position", waits_for_.load()},
              {"why", "the disk is full, and the log needs its oldest files' room"}});
}

/// What it had counts as expired, even where the log still has it: or it would be copied again.
Result<void> Keeper::drop_first(LogQueue& queue) {
  std::vector<Kept::Part> parts = parts_of(queue);
  const Kept::Part gone = parts.front();
  parts.erase(parts.begin());
  queue.raise_floor(gone->upto());
  publish(queue, std::move(parts));
  return remove(queue, *gone);
}

Result<std::optional<Keeper::Oldest>> Keeper::oldest_of(const std::string& topic) const {
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

Result<void> Keeper::expire(const std::string& topic, const TopicRetention* rule) {
  std::int64_t bytes = bytes_of(topic);
  while (true) {
    SLUICE_TRY(const auto oldest, oldest_of(topic));
    if (!oldest) return {};
    const std::int64_t size = parts_of(*oldest->queue).front()->bytes();
    const bool stays = rule && bytes <= rule->bytes && clock_.wall() - oldest->newest < rule->keep;
    if (stays) return {};
    SLUICE_CHECK(drop_first(*oldest->queue));
    bytes -= size;
  }
}

Result<void> Keeper::expire() {
  const std::lock_guard working(work_);
  const Rules rules = this->rules();
  for (const std::string& topic : topics_) {
    const auto rule = rules.find(topic);
    SLUICE_CHECK(expire(topic, rule == rules.end() ? nullptr : &rule->second));
  }
  return {};
}

Result<bool> Keeper::drop_oldest() {
  std::optional<Oldest> oldest;
  for (const std::string& topic : topics_) {
    SLUICE_TRY(const auto found, oldest_of(topic));
    if (found && (!oldest || found->newest < oldest->newest)) oldest = found;
  }
  if (!oldest) return false;
  log::warn("kept_messages_given_up", {{"topic", oldest->queue->topic()},
                                       {"queue", oldest->queue->id().value},
                                       {"why", "the disk is full"}});
  SLUICE_CHECK(drop_first(*oldest->queue));
  return true;
}

Result<bool> Keeper::give_up_oldest() {
  const std::lock_guard working(work_);
  return drop_oldest();
}

}  // namespace sluice::store
