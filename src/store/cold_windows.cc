#include "store/cold_windows.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::size_t kFetchedMax = 1024;  // beyond, pages may stay a bit longer

}  // namespace

std::optional<ColdPlace> place_in(const SegmentSet& log, std::int64_t position) {
  const auto segment = log.find(position);
  if (!segment) return std::nullopt;
  return ColdPlace{.file = {segment, &std::as_const(*segment).file()},
                   .mapping = {segment, &segment->mapping()},
                   .path = log.path_of(position),
                   .base = segment->base(),
                   .end = segment->end()};
}

Slice ColdWindows::slice(const WindowPtr& window, std::int64_t position, std::int64_t size) {
  return {.bytes = Bytes(window->bytes.get() + (position - window->first),
                         static_cast<std::size_t>(size)),
          .owner = window};
}

std::optional<Slice> ColdWindows::find(LogPosition position, std::int32_t size) {
  const std::lock_guard guard(mutex_);
  return find_locked(position.value, size);
}

std::optional<Slice> ColdWindows::find_locked(std::int64_t position, std::int64_t size) {
  auto at = windows_.upper_bound(position);
  if (at == windows_.begin()) return std::nullopt;
  Kept& kept = (--at)->second;
  const Window& window = *kept.window;
  const bool begins = position == window.first || std::ranges::binary_search(window.ends, position);
  if (!begins || !std::ranges::binary_search(window.ends, position + size)) return std::nullopt;
  uses_.splice(uses_.begin(), uses_, kept.use);
  return slice(kept.window, position, size);
}

Result<Slice> ColdWindows::load(LogPosition position, std::int32_t size, bool ahead,
                                std::int64_t end) {
  if (auto found = find(position, size)) return *found;
  const auto place = place_of_(position.value);
  if (!place) return fail(Errc::not_found);
  end = std::min(end, place->end);
  const std::int64_t wanted = ahead ? std::max<std::int64_t>(size, kWindowBytes) : size;
  const std::int64_t length = std::min(wanted, end - position.value);
  SLUICE_TRY(const auto window, read(*place, position.value, length));
  SLUICE_CHECK(check(*place, *window, length, size));
  if (ahead) {
    fetch_next(*place, window->ends.back(), end);
    keep(window);
  }
  return slice(window, position.value, size);
}

Result<std::shared_ptr<ColdWindows::Window>> ColdWindows::read(const ColdPlace& place,
                                                               std::int64_t position,
                                                               std::int64_t size) {
  auto window = std::make_shared<Window>();
  window->first = position;
  window->bytes = std::make_shared_for_overwrite<std::byte[]>(static_cast<std::size_t>(size));
  const std::int64_t at = position - place.base;
  bool give_up = !place.in_memory(position, size);
  {
    const std::lock_guard guard(mutex_);
    give_up |= fetched_.erase(position) > 0;
  }
  SLUICE_TRY(
      const std::size_t got,
      place.file->read(at, MutableBytes(window->bytes.get(), static_cast<std::size_t>(size))));
  if (got < static_cast<std::size_t>(size)) {
    return fail(Errc::corrupt,
                fmt::format("{} ends at byte {}", place.path, at + static_cast<std::int64_t>(got)));
  }
  if (give_up) place.file->wont_need(at, size);
  return window;
}

/// Notes where the window's records end, up to the first that is not whole. The first, of `size`
/// bytes, must be.
Result<void> ColdWindows::check(const ColdPlace& place, Window& window, std::int64_t read,
                                std::int64_t size) {
  std::int64_t at = window.first;
  std::string problem;
  while (at < window.first + read) {
    const Bytes rest(window.bytes.get() + (at - window.first),
                     static_cast<std::size_t>(window.first + read - at));
    const record::Scan scan = record::scan(rest, record::CrcCheck::verify);
    if (scan.kind != record::Scan::Kind::record) {
      problem = scan.kind == record::Scan::Kind::damaged ? scan.problem : "no record begins there";
      break;
    }
    if (place.says_its_place && scan.record.placement.position.value != at) {
      problem =
          fmt::format("a record that says it lies at {}", scan.record.placement.position.value);
      break;
    }
    at += scan.record.size;
    window.ends.push_back(at);
  }
  if (!window.ends.empty() && window.ends.front() == window.first + size) return {};
  if (!window.ends.empty()) problem = "the record has another size";
  return fail(Errc::corrupt,
              fmt::format("{} is damaged at byte {} (position {}, {} bytes): {}", place.path,
                          window.first - place.base, window.first, size, problem));
}

void ColdWindows::fetch_next(const ColdPlace& place, std::int64_t from, std::int64_t end) {
  const std::int64_t size = std::min(kWindowBytes, end - from);
  if (size <= 0 || place.in_memory(from, size)) return;
  place.file->will_need(from - place.base, size);
  const std::lock_guard guard(mutex_);
  if (fetched_.size() >= kFetchedMax) fetched_.clear();
  fetched_.insert(from);
}

void ColdWindows::keep(const WindowPtr& window) {
  const std::lock_guard guard(mutex_);
  const auto old = windows_.find(window->first);
  if (old != windows_.end()) {
    bytes_ -= old->second.window->size();
    uses_.erase(old->second.use);
    windows_.erase(old);
  }
  uses_.push_front(window->first);
  windows_[window->first] = {window, uses_.begin()};
  bytes_ += window->size();
  while (bytes_ > bytes_max_ && uses_.size() > 1) {
    const auto last = windows_.find(uses_.back());
    bytes_ -= last->second.window->size();
    windows_.erase(last);
    uses_.pop_back();
  }
}

}  // namespace sluice::store
