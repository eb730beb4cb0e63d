#include "store/kept_files.h"

#include <algorithm>
#include <mutex>

namespace sluice::store {

std::uint32_t KeptFiles::next_id() {
  const std::unique_lock lock(mutex_);
  do {
    last_id_ = (last_id_ + 1) & Compacted::kIdMax;
  } while (open_.contains(last_id_));
  return last_id_;
}

void KeptFiles::add(std::shared_ptr<const Compacted> file) {
  const std::unique_lock lock(mutex_);
  const std::uint32_t id = file->id();
  open_.emplace(id, std::move(file));
}

void KeptFiles::remove(const Compacted& file) {
  const std::unique_lock lock(mutex_);
  open_.erase(file.id());
}

std::shared_ptr<const Compacted> KeptFiles::find(LogPosition position) const {
  const std::shared_lock lock(mutex_);
  const auto found = open_.find(compacted_id(position));
  return found == open_.end() ? nullptr : found->second;
}

Result<Slice> KeptFiles::read(LogPosition position, std::int64_t size) const {
  auto from = find(position);
  if (!from) return fail(Errc::not_found, "the message was moved or removed since");
  SLUICE_TRY(const Bytes bytes, from->read(compacted_byte(position), size));
  return Slice{.bytes = bytes, .owner = std::move(from)};
}

Result<Slice> KeptFiles::read_record(LogPosition position) const {
  SLUICE_TRY(const Slice head, read(position, wire::record::kBlankSize));
  return read(position, std::max(wire::record::peek_size(head.bytes), wire::record::kBlankSize));
}

std::optional<ColdPlace> KeptFiles::place_of(std::int64_t position) const {
  auto from = find(LogPosition(position));
  if (!from || from->count() == 0) return std::nullopt;
  auto file = disk_.open(from->records_path(), Disk::Open::read);
  if (!file) return std::nullopt;  // removed meanwhile
  const std::int64_t base = position - compacted_byte(LogPosition(position));
  return ColdPlace{.file = *std::move(file),
                   .mapping = {from, from->records()},
                   .path = from->records_path(),
                   .base = base,
                   .end = base + from->bytes(),
                   .says_its_place = false};
}

}  // namespace sluice::store
