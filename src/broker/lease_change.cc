#include "broker/lease_change.h"

#include <utility>

#include "base/varint.h"

namespace sluice::broker {
namespace {

using Kind = LeaseChange::Kind;

template <std::integral T>
void put(Buffer& to, T value) {
  store_be(to.reserve(sizeof value), value);
  to.commit(sizeof value);
}

void put_items(Buffer& to, std::span<const LeaseChange::Item> items) {
  std::byte* const start = to.reserve((items.size() * 2 + 1) * kVarintMax);
  std::byte* at = put_varint(start, items.size());
  std::int64_t before = 0;
  for (const auto& [offset, attempts] : items) {
    at = put_varint(at, zigzag(offset.value - before));
    at = put_varint(at, static_cast<std::uint64_t>(attempts));
    before = offset.value;
  }
  to.commit(static_cast<std::size_t>(at - start));
}

void take_items(ByteReader& from, std::vector<LeaseChange::Item>& items) {
  const std::uint64_t count = take_varint(from);
  std::uint64_t offset = 0;
  for (std::uint64_t i = 0; i < count && from.ok(); ++i) {
    offset += static_cast<std::uint64_t>(unzigzag(take_varint(from)));
    const auto attempts = static_cast<std::int32_t>(take_varint(from));
    items.push_back({QueueOffset(static_cast<std::int64_t>(offset)), attempts});
  }
}

/// Whether the clock of leases can calculate with it, and with what it makes of it.
bool sound(const delivery::Lease& lease) {
  constexpr milliseconds kMost(1LL << 60);
  const auto stamp = lease.stamp.time_since_epoch();
  return stamp >= -kMost && stamp <= kMost && lease.deadline >= lease.stamp - kMost &&
         lease.deadline <= lease.stamp + kMost;
}

bool sound(const LeaseChange& change) {
  if (change.queue.value < 0 || change.next.value < 0 || !sound(change.lease)) return false;
  for (const auto& item : change.items) {
    if (item.offset.value < 0 || item.attempts < 0) return false;
  }
  return true;
}

}  // namespace

void encode(const LeaseChange& change, Buffer& to) {
  put(to, std::to_underlying(change.kind));
  put_text16(to, change.group);
  put_text16(to, change.topic);
  put(to, change.queue.value);
  put(to, change.next.value);
  put(to, unix_ms(change.lease.stamp));
  put(to, unix_ms(change.lease.deadline));
  put_items(to, change.items);
  if (change.kind != Kind::filter) return;
  put_text16(to, change.filter_type);
  put_text16(to, change.filter);
}

void encode(const delivery::LeaseClockNote& note, Buffer& to) {
  encode({.kind = Kind::clock, .lease = {note.wall, note.now}}, to);
}

void LeaseChangeList::add(const LeaseChange& change) {
  close_finished();
  encode(change, text_);
}

void LeaseChangeList::add_finished(const LeaseChange& names, std::span<const QueueOffset> offsets) {
  if (!finished_.items.empty() && finished_.queue != names.queue) close_finished();
  if (finished_.items.empty()) {
    finished_ = names;
    finished_.kind = Kind::finished;
  }
  for (const QueueOffset offset : offsets) finished_.items.push_back({offset});
}

void LeaseChangeList::close_finished() {
  if (finished_.items.empty()) return;
  encode(finished_, text_);
  finished_.items.clear();
}

void LeaseChangeList::take(Buffer& to) {
  close_finished();
  to.append(text_.bytes());
  text_.clear();
}

void LeaseChangeList::put_back(Bytes text) {
  Buffer all;
  all.append(text);
  take(all);
  text_ = std::move(all);
}

Result<void> LeaseChanges::next(LeaseChange& change) {
  ByteReader from(rest_);
  const auto kind = from.take<std::uint8_t>();
  change.kind = static_cast<Kind>(kind);
  change.group = take_text16(from);
  change.topic = take_text16(from);
  change.queue = QueueId(from.take<std::int32_t>());
  change.next = QueueOffset(from.take<std::int64_t>());
  change.lease = {from_unix_ms(from.take<std::int64_t>()), from_unix_ms(from.take<std::int64_t>())};
  change.items.clear();
  take_items(from, change.items);
  change.filter_type = change.filter = {};
  if (change.kind == Kind::filter) {
    change.filter_type = take_text16(from);
    change.filter = take_text16(from);
  }
  if (!from.ok() || kind > std::to_underlying(Kind::clock) || !sound(change)) {
    return fail(Errc::corrupt, "a change of leases that cannot be read");
  }
  rest_ = from.rest();
  return {};
}

void apply(const LeaseChange& change, delivery::LeaseQueue& state) {
  if (change.kind == Kind::filter || change.kind == Kind::clock) return;
  if (change.kind == Kind::reset) {
    state = delivery::LeaseQueue(change.next);
    return;
  }
  for (const auto& [offset, attempts] : change.items) {
    if (change.kind == Kind::finished) {
      state.restore_finished(offset);
    } else {
      state.restore({offset, attempts, change.kind == Kind::leased, change.lease});
    }
  }
  if (change.kind != Kind::finished) state.restore_next(change.next);
}

void encode_state(const delivery::LeaseQueue& state, const LeaseChange& names, Buffer& to) {
  LeaseChange change = names;
  change.kind = Kind::reset;
  change.next = state.floor();
  encode(change, to);
  change.kind = Kind::ready;
  change.next = state.next();
  const auto write = [&] {
    encode(change, to);
    change.items.clear();
  };
  state.for_each([&](const delivery::LeaseQueue::Unfinished& message) {
    const Kind kind = message.leased ? Kind::leased : Kind::ready;
    const bool same = kind == change.kind && message.lease.stamp == change.lease.stamp &&
                      message.lease.deadline == change.lease.deadline;
    if (!same && !change.items.empty()) write();
    change.kind = kind;
    change.lease = message.lease;
    change.items.push_back({message.offset, message.attempts});
    if (change.items.size() == kLeaseItemsMax) write();
  });
  write();
}

}  // namespace sluice::broker
