#include "broker/lease_snapshot.h"

#include <optional>

#include "base/crc32.h"
#include "broker/popping.h"
#include "broker/state_log.h"
#include "store/text_file.h"

namespace sluice::broker {
namespace {

constexpr std::string_view kMagic = "SLUICEL1";

struct Snapshot {
  QueueOffset log_offset;
  Bytes changes;
};

std::optional<Snapshot> open_snapshot(std::string_view content) {
  ByteReader from(as_bytes(content));
  const bool magic = from.take_text(kMagic.size()) == kMagic;
  const QueueOffset offset(from.take<std::int64_t>());
  const auto crc = from.take<std::uint32_t>();
  if (!magic || !from.ok() || crc32(from.rest()) != crc) return std::nullopt;
  return Snapshot{offset, from.rest()};
}

Result<void> apply_all(Bytes body, Leases& leases) {
  LeaseChange change;
  for (LeaseChanges changes(body); !changes.done();) {
    SLUICE_CHECK(changes.next(change));
    leases.apply(change);
  }
  return {};
}

}  // namespace

Result<void> load_leases(store::MessageStore& store, store::Disk& disk, const std::string& path,
                         Leases& leases) {
  SLUICE_TRY(const auto content, store::read_text_file(disk, path, [](std::string_view text) {
               return open_snapshot(text).has_value();
             }));
  QueueOffset at(0);
  if (content) {
    const auto snapshot = open_snapshot(*content);
    SLUICE_CHECK(apply_all(snapshot->changes, leases));
    at = snapshot->log_offset;
  }
  SLUICE_CHECK(replay_state(store, kLeaseTopic, at,
                            [&leases](Bytes body) { return apply_all(body, leases); }));
  for (const auto& group : leases.all()) {
    const std::scoped_lock lock(group->mutex);
    leases.schedule(group);
  }
  return {};
}

Result<void> write_leases(store::MessageStore& store, store::Disk& disk, const std::string& path,
                          const Leases& leases) {
  const QueueOffset offset = state_end(store, kLeaseTopic);
  Buffer changes;
  leases.snapshot(changes);
  Buffer file;
  file.append(kMagic);
  store_be(file.reserve(8), offset.value);
  file.commit(8);
  store_be(file.reserve(4), crc32(changes.bytes()));
  file.commit(4);
  file.append(changes.bytes());
  return store::write_text_file(disk, path, as_text(file.bytes()));
}

}  // namespace sluice::broker
