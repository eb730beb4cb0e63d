#pragma once

#include <compare>
#include <cstdint>
#include <functional>

/// Numbers that must not be mixed up: an offset cannot be passed where a position is wanted.
namespace sluice {

template <class Tag, class Rep>
struct Id {
  using rep = Rep;
  Rep value{};

  constexpr Id() = default;
  constexpr explicit Id(Rep v) : value(v) {}
  friend constexpr auto operator<=>(Id, Id) = default;
  constexpr Id operator+(Rep n) const { return Id(value + n); }
  constexpr Id operator-(Rep n) const { return Id(value - n); }
  constexpr Rep operator-(Id other) const { return value - other.value; }
  constexpr Id& operator+=(Rep n) {
    value += n;
    return *this;
  }
};

/// A queue's number within its topic on one broker, from 0.
using QueueId = Id<struct QueueIdTag, std::int32_t>;
/// A message's place in its queue, dense, from 0. As an end it is the offset of the next message.
using QueueOffset = Id<struct QueueOffsetTag, std::int64_t>;
/// A byte's place in the commit log since its beginning; RocketMQ calls it the physical offset.
using LogPosition = Id<struct LogPositionTag, std::int64_t>;

}  // namespace sluice

template <class Tag, class Rep>
struct std::hash<sluice::Id<Tag, Rep>> {
  std::size_t operator()(sluice::Id<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
