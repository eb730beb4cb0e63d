#include "broker/progress_log.h"

#include <algorithm>
#include <utility>

#include "base/varint.h"
#include "broker/state_log.h"

namespace sluice::broker {

using delivery::Progress;

void encode_progress(const std::vector<Progress::Entry>& changes, Buffer& to) {
  for (const Progress::Entry& entry : changes) {
    put_text16(to, entry.topic);
    put_text16(to, entry.group);
    put_varint(to, entry.offsets.size());
    for (const auto& [queue, offset] : entry.offsets) {
      put_varint(to, static_cast<std::uint64_t>(queue));
      put_varint(to, static_cast<std::uint64_t>(offset));
    }
  }
}

Result<std::vector<Progress::Entry>> decode_progress(Bytes body) {
  const auto bad = [] { return fail(Errc::corrupt, "a change of progress that cannot be read"); };
  std::vector<Progress::Entry> changes;
  for (ByteReader from(body); from.left() > 0;) {
    Progress::Entry entry;
    entry.topic = take_text16(from);
    entry.group = take_text16(from);
    const std::uint64_t queues = take_varint(from);
    for (std::uint64_t i = 0; i < queues && from.ok(); ++i) {
      const std::uint64_t queue = take_varint(from), offset = take_varint(from);
      if (!std::in_range<std::int32_t>(queue) || !std::in_range<std::int64_t>(offset)) return bad();
      entry.offsets[static_cast<std::int32_t>(queue)] = static_cast<std::int64_t>(offset);
    }
    if (!from.ok()) return bad();
    changes.push_back(std::move(entry));
  }
  return changes;
}

Result<void> replay_progress(store::MessageStore& store, QueueOffset from, Progress& progress) {
  return replay_state(store, kProgressTopic, from, [&progress](Bytes body) -> Result<void> {
    SLUICE_TRY(const auto changes, decode_progress(body));
    for (const Progress::Entry& entry : changes) progress.restore_change(entry);
    return {};
  });
}

}  // namespace sluice::broker
