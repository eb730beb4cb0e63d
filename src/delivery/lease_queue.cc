#include "delivery/lease_queue.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace sluice::delivery {
namespace {

/// Calls `visit` with the offset of each set bit.
template <class Visit>
void each_pending(std::int64_t base, std::uint64_t bits, Visit visit) {
  for (; bits != 0; bits &= bits - 1) visit(base + std::countr_zero(bits));
}

}  // namespace

QueueOffset LeaseQueue::floor() const {
  std::int64_t floor = next_;
  if (!blocks_.empty()) {
    const auto& [base, block] = *blocks_.begin();
    floor = std::min(floor, base + std::countr_zero(block.pending));
  }
  if (!singles_.empty()) floor = std::min(floor, singles_.begin()->first);
  return QueueOffset(floor);
}

void LeaseQueue::advance(std::span<const Fate> fates, const Lease& lease) {
  std::int64_t base = next_;
  std::uint64_t bits = 0;
  for (const Fate fate : fates) {
    if (bits != 0 && next_ - base >= kBlockSpan) start_block(base, std::exchange(bits, 0), lease);
    if (fate == Fate::lease) {
      if (bits == 0) base = next_;
      bits |= bit(next_ - base);
    } else if (fate == Fate::leave) {
      put_single(next_, {});
    }
    ++next_;
  }
  if (bits != 0) start_block(base, bits, lease);
}

void LeaseQueue::start_block(std::int64_t base, std::uint64_t bits, const Lease& lease) {
  blocks_.emplace_hint(blocks_.end(), base, Block{bits, lease});
  deadlines_.emplace(lease.deadline, base, Kind::block);
  leased_ += static_cast<std::size_t>(std::popcount(bits));
}

void LeaseQueue::put_single(std::int64_t offset, Single single) {
  if (single.leased) {
    deadlines_.emplace(single.lease.deadline, offset, Kind::single);
    ++leased_;
  } else {
    line_up(offset, single);
  }
  singles_.emplace(offset, single);
}

void LeaseQueue::line_up(std::int64_t offset, Single& single) {
  single.turn = ++turn_;
  ready_offsets_.insert(offset);
  ready_turns_.emplace_hint(ready_turns_.end(), single.turn, offset);
  ++ready_;
}

std::optional<Ready> LeaseQueue::next_ready(QueueOffset from) const {
  const auto found = ready_offsets_.lower_bound(from.value);
  if (found == ready_offsets_.end()) return std::nullopt;
  const Single& single = singles_.at(*found);
  return Ready{QueueOffset(*found), single.attempts, single.turn};
}

std::optional<Ready> LeaseQueue::next_ready_after(std::uint64_t turn) const {
  const auto found = ready_turns_.upper_bound(turn);
  if (found == ready_turns_.end()) return std::nullopt;
  return Ready{QueueOffset(found->second), singles_.at(found->second).attempts, found->first};
}

void LeaseQueue::lease_again(QueueOffset offset, const Lease& lease) {
  const auto single = singles_.find(offset.value);
  SLUICE_ASSERT(single != singles_.end() && !single->second.leased);
  const std::int32_t attempts = single->second.attempts;
  take_out({blocks_.end(), single}, offset.value);
  put_single(offset.value, {attempts, true, lease});
}

LeaseQueue::Place LeaseQueue::find(std::int64_t offset) {
  Place place{blocks_.end(), singles_.find(offset)};
  if (place.single != singles_.end()) return place;
  const auto block = block_around(offset);
  if (block == blocks_.end()) return place;
  if ((block->second.pending & bit(offset - block->first)) != 0) place.block = block;
  return place;
}

LeaseQueue::Blocks::iterator LeaseQueue::block_around(std::int64_t offset) {
  const bool again = last_.at && offset >= (*last_.at)->first && is_below_next(*last_.at, offset);
  const auto after = again ? std::next(*last_.at) : blocks_.upper_bound(offset);
  if (after == blocks_.begin()) return blocks_.end();
  const auto block = std::prev(after);
  if (offset - block->first >= kBlockSpan) return blocks_.end();
  last_.at = block;
  return block;
}

bool LeaseQueue::is_below_next(Blocks::iterator block, std::int64_t offset) const {
  const auto next = std::next(block);
  return next == blocks_.end() || offset < next->first;
}

void LeaseQueue::take_out(Place place, std::int64_t offset) {
  if (place.single != singles_.end()) {
    if (place.single->second.leased) {
      deadlines_.erase({place.single->second.lease.deadline, offset, Kind::single});
      --leased_;
    } else {
      ready_offsets_.erase(offset);
      ready_turns_.erase(place.single->second.turn);
      --ready_;
    }
    singles_.erase(place.single);
    return;
  }
  take_out(place.block, bit(offset - place.block->first));
}

void LeaseQueue::take_out(Blocks::iterator at, std::uint64_t bits) {
  Block& block = at->second;
  block.pending &= ~bits;
  leased_ -= static_cast<std::size_t>(std::popcount(bits));
  if (block.pending != 0) return;
  erase(at);
}

void LeaseQueue::erase(Blocks::iterator at) {
  if (last_.at == at) last_.at.reset();
  deadlines_.erase({at->second.lease.deadline, at->first, Kind::block});
  blocks_.erase(at);
}

std::int32_t LeaseQueue::attempts(QueueOffset offset) const {
  const auto single = singles_.find(offset.value);
  return single == singles_.end() ? 0 : single->second.attempts;
}

void LeaseQueue::make_ready(Blocks::iterator at) {
  const auto [base, block] = *at;
  erase(at);
  leased_ -= static_cast<std::size_t>(std::popcount(block.pending));
  each_pending(base, block.pending,
               [&](std::int64_t offset) { put_single(offset, {1, false, block.lease}); });
}

void LeaseQueue::make_ready(Singles::iterator at) {
  auto& [offset, single] = *at;
  deadlines_.erase({single.lease.deadline, offset, Kind::single});
  single.leased = false;
  ++single.attempts;
  --leased_;
  line_up(offset, single);
}

std::size_t LeaseQueue::release(std::uint32_t owner) {
  const std::size_t before = ready_;
  for (auto block = blocks_.begin(); block != blocks_.end();) {
    const auto at = block++;
    if (at->second.lease.owner == owner) make_ready(at);
  }
  for (auto single = singles_.begin(); single != singles_.end(); ++single) {
    if (single->second.leased && single->second.lease.owner == owner) make_ready(single);
  }
  return ready_ - before;
}

std::optional<WallTime> LeaseQueue::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return std::get<WallTime>(*deadlines_.begin());
}

std::size_t LeaseQueue::expire(WallTime now) {
  const std::size_t before = ready_;
  while (!deadlines_.empty()) {
    const auto [deadline, key, kind] = *deadlines_.begin();
    if (deadline > now) break;
    kind == Kind::block ? make_ready(blocks_.find(key)) : make_ready(singles_.find(key));
  }
  return ready_ - before;
}

std::optional<LeaseQueue::Unfinished> LeaseQueue::find(QueueOffset offset) const {
  const auto single = singles_.find(offset.value);
  if (single != singles_.end())
    return Unfinished{offset, single->second.attempts, single->second.leased, single->second.lease};
  const auto after = blocks_.upper_bound(offset.value);
  if (after == blocks_.begin()) return std::nullopt;
  const auto& [base, block] = *std::prev(after);
  const std::int64_t index = offset.value - base;
  const bool pending = index < kBlockSpan && (block.pending & bit(index)) != 0;
  return pending ? std::optional(Unfinished{offset, 0, true, block.lease}) : std::nullopt;
}

void LeaseQueue::for_each(const std::function<void(const Unfinished&)>& visit) const {
  for (const auto& [base, block] : blocks_) {
    each_pending(base, block.pending,
                 [&](std::int64_t offset) { visit({QueueOffset(offset), 0, true, block.lease}); });
  }
  for (const auto& [offset, single] : singles_) {
    visit({QueueOffset(offset), single.attempts, single.leased, single.lease});
  }
}

void LeaseQueue::restore(const Unfinished& message) {
  const std::int64_t offset = message.offset.value;
  if (offset >= next_) {
    next_ = offset + 1;
  } else if (const Place place = find(offset);
             place.block != blocks_.end() || place.single != singles_.end()) {
    take_out(place, offset);
  }
  put_single(offset, {message.attempts, message.leased, message.lease});
}

void LeaseQueue::restore_next(QueueOffset next) { next_ = std::max(next_, next.value); }

void LeaseQueue::restore_finished(QueueOffset offset) {
  const Place place = find(offset.value);
  if (place.block != blocks_.end() || place.single != singles_.end()) take_out(place, offset.value);
}

void LeaseQueue::cut(QueueOffset end) {
  std::vector<QueueOffset> gone;
  for_each([&](const Unfinished& message) {
    if (message.offset >= end) gone.push_back(message.offset);
  });
  for (const QueueOffset offset : gone) restore_finished(offset);
  next_ = std::min(next_, end.value);
}

}  // namespace sluice::delivery
