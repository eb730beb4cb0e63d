#include "clients.h"
#include "reading.h"

namespace sluice::sim {

std::optional<std::vector<wire::record::Decoded>> Group::records(
    const std::vector<store::Slice>& slices) {
  auto found = records_in(slices);
  if (found) return std::move(*found);
  world_.verdict().broken(std::string(found.error().remark()));
  return std::nullopt;
}

std::optional<std::int64_t> Group::take(QueueKey from, const wire::record::Decoded& record) {
  const auto id = world_.ledger().given(from, record, world_.now());
  if (id) given_.insert(*id);
  return id;
}

void Group::settle() {
  for (std::int64_t id = 0; id < world_.ledger().size(); ++id) {
    const Message& message = world_.ledger().at(id);
    if (!message.offset || given_.contains(id)) continue;
    const auto index =
        world_.store().queue(topic_name(message.to.topic), QueueId(message.to.queue));
    if (*message.offset < index->min().value) continue;
    world_.verdict().broken(fmt::format("group {} was never given message {}", group_, id));
  }
}

}  // namespace sluice::sim
