#pragma once

#include <vector>

#include "base/buffer.h"
#include "base/result.h"
#include "delivery/progress.h"
#include "store/message_store.h"

/// Progress between two snapshots: changes are records of the log, so that a killed process loses
/// at most those of the last second, and none that was waited for.
///
/// A record's body: for each group in a topic that changed: topic 2+n, group 2+n, number of queues,
/// then queue and offset of each, as variable numbers. No queue: its progress was removed.
namespace sluice::broker {

/// Not in the topics' table: clients do not see it.
inline constexpr std::string_view kProgressTopic = "rmq_sys_SLUICE_OFFSETS";

void encode_progress(const std::vector<delivery::Progress::Entry>& changes, Buffer& to);
/// Errors: corrupt.
Result<std::vector<delivery::Progress::Entry>> decode_progress(Bytes body);

/// Brings `progress` up to what the log says from its `from`th record of changes on.
Result<void> replay_progress(store::MessageStore& store, QueueOffset from,
                             delivery::Progress& progress);

}  // namespace sluice::broker
