#include <algorithm>

#include "broker/broker.h"
#include "broker/progress_log.h"
#include "broker/snapshots.h"
#include "broker/state_log.h"
#include "store/text_file.h"

/// What the façade adds to Progress: its snapshot, and its changes in the log.
namespace sluice::broker {

Result<void> Broker::log_progress(WallTime now) {
  const std::scoped_lock lock(progress_mutex_);
  note_transactions();
  const auto changes = progress_.take_changes();
  if (changes.empty()) return {};
  Buffer body;
  encode_progress(changes, body);
  auto logged = append_state(store_, kProgressTopic, body.bytes(), options_.store_host, now);
  // Or the same commit, repeated, would seem to be in the log already.
  if (!logged) progress_.put_back(changes);
  return logged;
}

Result<void> Broker::persist_progress(WallTime now) {
  const std::uint64_t version = progress_.version();
  if (version == persisted_progress_) return {};
  const std::int64_t logged = state_end(store_, kProgressTopic).value;
  progress_version_.timestamp = unix_ms(now);
  ++progress_version_.counter;
  SLUICE_CHECK(
      store::write_text_file(disk_, config_folder_ + "/consumerOffset.json",
                             progress_to_json({progress_.entries(), logged, progress_version_})));
  persisted_progress_ = version;
  return {};
}

Result<void> Broker::load_progress(const std::optional<ProgressSnapshot>& snapshot, WallTime now) {
  if (snapshot) {
    progress_.restore(snapshot->entries);
    progress_version_ = snapshot->version;
  }
  const QueueOffset from(snapshot ? snapshot->log_offset.value_or(0) : 0);
  if (!snapshot || snapshot->log_offset) SLUICE_CHECK(replay_progress(store_, from, progress_));
  auto entries = progress_.entries();
  for (const auto& entry : cut_progress(entries)) {
    for (const auto& [queue, next] : entry.offsets) {
      progress_.commit(entry.group, entry.topic, QueueId(queue), QueueOffset(next));
    }
  }
  // A power cut has taken changes that the snapshot has seen: the next ones come in their places,
  // where no start would look for them.
  const bool ahead = from > state_end(store_, kProgressTopic);
  return ahead ? persist_progress(now) : Result<void>();
}

/// A power cut may have taken messages that a snapshot knows to be consumed. Others come in their
/// places, and nobody would ever read them. Gives the entries that were changed.
std::vector<delivery::Progress::Entry> Broker::cut_progress(
    std::vector<delivery::Progress::Entry>& entries) {
  std::vector<delivery::Progress::Entry> changed;
  for (auto& entry : entries) {
    const auto topic = topics_.find(entry.topic);
    bool cut = false;
    for (auto& [queue, next] : entry.offsets) {
      const TopicQueue* const known = topic ? topic->queue(QueueId(queue)) : nullptr;
      if (known == nullptr || next <= known->index->max().value) continue;
      next = known->index->max().value;
      cut = true;
    }
    if (cut) changed.push_back(entry);
  }
  return changed;
}

}  // namespace sluice::broker
