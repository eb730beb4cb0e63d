#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/numbers.h"
#include "delivery/lease_queue.h"

namespace sluice::delivery {
namespace {

using Fate = LeaseQueue::Fate;
using Outcome = LeaseQueue::Outcome;

/// What LeaseQueue promises, written down as simply as possible: one entry per unfinished message.
struct Model {
  struct Message {
    std::int32_t attempts = 0;
    bool leased = false;
    Lease lease;
    /// Still in the hands of its first holder, as handed out: other stamps are not known at all.
    bool fresh = false;
  };
  std::map<std::int64_t, Message> messages;
  std::int64_t next = 0;

  void advance(std::span<const Fate> fates, const Lease& lease) {
    for (const Fate fate : fates) {
      if (fate == Fate::lease) messages[next] = {0, true, lease, true};
      if (fate == Fate::leave) messages[next] = {};
      ++next;
    }
  }
  void lease_again(std::int64_t offset, const Lease& lease) {
    messages[offset] = {messages[offset].attempts, true, lease};
  }
  std::optional<Outcome> without_lease(std::int64_t offset, WallTime stamp) const {
    if (offset < 0 || offset >= next) return Outcome::unknown;
    const auto at = messages.find(offset);
    if (at == messages.end()) return Outcome::late;
    if (stamp > at->second.lease.stamp) return Outcome::unknown;
    if (at->second.fresh && stamp != at->second.lease.stamp) return Outcome::unknown;
    if (at->second.leased && stamp < at->second.lease.stamp) return Outcome::late;
    return std::nullopt;
  }
  Outcome acknowledge(std::int64_t offset, WallTime stamp) {
    if (const auto outcome = without_lease(offset, stamp)) return *outcome;
    messages.erase(offset);
    return Outcome::done;
  }
  Outcome put_off(std::int64_t offset, WallTime stamp, const Lease& lease) {
    if (const auto outcome = without_lease(offset, stamp)) return *outcome;
    if (stamp != messages[offset].lease.stamp) return Outcome::late;
    lease_again(offset, lease);
    return Outcome::done;
  }
  template <class Ends>
  std::size_t end(Ends ends) {
    std::size_t count = 0;
    for (auto& [offset, message] : messages) {
      if (!message.leased || !ends(message.lease)) continue;
      message.leased = message.fresh = false;
      ++message.attempts;
      ++count;
    }
    return count;
  }
};

class Comparison {
 public:
  explicit Comparison(std::uint64_t seed) : random_(seed) {}

  /// False after the first difference, which was reported.
  bool run() {
    for (int step = 0; step < 120; ++step) {
      now_ += static_cast<std::int64_t>(below(8));
      act();
      if (below(15) == 0) restore();
      compare();
      if (::testing::Test::HasFailure()) return false;
    }
    return true;
  }

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  Lease lease() {
    const auto length = static_cast<std::int64_t>(below(40));
    return {from_unix_ms(now_), from_unix_ms(now_ + length), static_cast<std::uint32_t>(below(4))};
  }
  std::int64_t offset() {
    return static_cast<std::int64_t>(below(static_cast<std::uint64_t>(model_.next) + 3)) - 1;
  }
  /// Mostly the right one.
  WallTime stamp(std::int64_t offset) {
    const auto at = model_.messages.find(offset);
    const WallTime right =
        at == model_.messages.end() ? from_unix_ms(now_) : at->second.lease.stamp;
    return below(3) > 0 ? right : right + milliseconds(static_cast<std::int64_t>(below(5)) - 2);
  }

  void act() {
    using Act = void (Comparison::*)();
    static constexpr std::array<Act, 10> kActs{&Comparison::advance,     &Comparison::advance,
                                               &Comparison::lease_again, &Comparison::lease_again,
                                               &Comparison::acknowledge, &Comparison::acknowledge,
                                               &Comparison::acknowledge, &Comparison::put_off,
                                               &Comparison::release,     &Comparison::expire};
    (this->*kActs[below(kActs.size())])();
  }
  void advance() {
    std::vector<Fate> fates(below(below(6) == 0 ? 200 : 6));
    for (Fate& fate : fates) fate = static_cast<Fate>(below(6) < 4 ? 0 : 1 + below(2));
    const Lease given = lease();
    queue_.advance(fates, given);
    model_.advance(fates, given);
  }
  void lease_again() {
    const auto ready = queue_.next_ready(QueueOffset(offset()));
    if (!ready) return;
    // Later than every stamp before, as a clock gives it.
    const Lease given{from_unix_ms(++now_), from_unix_ms(now_ + 20), 2};
    queue_.lease_again(ready->offset, given);
    model_.lease_again(ready->offset.value, given);
  }
  void acknowledge() {
    for (std::uint64_t left = below(20); left > 0; --left) {
      const std::int64_t which = offset();
      const WallTime shown = stamp(which);
      EXPECT_EQ(queue_.acknowledge(QueueOffset(which), shown), model_.acknowledge(which, shown));
    }
  }
  void put_off() {
    const std::int64_t which = offset();
    const WallTime shown = stamp(which);
    const Lease given = lease();
    EXPECT_EQ(queue_.put_off(QueueOffset(which), shown, given),
              model_.put_off(which, shown, given));
  }
  void release() {
    const auto owner = static_cast<std::uint32_t>(below(4));
    EXPECT_EQ(queue_.release(owner),
              model_.end([&](const Lease& held) { return held.owner == owner; }));
  }
  void expire() {
    const WallTime now = from_unix_ms(now_);
    EXPECT_EQ(queue_.expire(now),
              model_.end([&](const Lease& held) { return held.deadline <= now; }));
  }
  /// The queue goes through a snapshot, in any order.
  void restore() {
    std::vector<LeaseQueue::Unfinished> messages;
    queue_.for_each([&](const auto& message) { messages.push_back(message); });
    std::ranges::shuffle(messages, random_);
    LeaseQueue copy(queue_.floor());
    const bool first = below(2) == 0;
    if (first) copy.restore_next(queue_.next());
    for (const auto& message : messages) copy.restore(message);
    if (!first) copy.restore_next(queue_.next());
    // A snapshot that is followed by the log tells the same twice.
    if (!messages.empty()) copy.restore(messages.front());
    queue_ = std::move(copy);
    for (auto& [offset, message] : model_.messages) message.fresh = false;
  }

  void compare() {
    const auto& messages = model_.messages;
    const auto leased = static_cast<std::size_t>(
        std::ranges::count_if(messages, [](const auto& one) { return one.second.leased; }));
    EXPECT_EQ(queue_.next().value, model_.next);
    EXPECT_EQ(queue_.floor().value, messages.empty() ? model_.next : messages.begin()->first);
    EXPECT_EQ(queue_.leased(), leased);
    EXPECT_EQ(queue_.unfinished(), messages.size());
    std::optional<WallTime> deadline;
    for (const auto& [offset, message] : messages) {
      if (!message.leased || (deadline && *deadline <= message.lease.deadline)) continue;
      deadline = message.lease.deadline;
    }
    EXPECT_EQ(queue_.next_deadline(), deadline);
    const std::int64_t from = offset();
    const auto ready = std::find_if(messages.lower_bound(from), messages.end(),
                                    [](const auto& one) { return !one.second.leased; });
    const auto found = queue_.next_ready(QueueOffset(from));
    ASSERT_EQ(found.has_value(), ready != messages.end());
    if (found) {
      EXPECT_EQ(found->offset.value, ready->first);
      EXPECT_EQ(found->attempts, ready->second.attempts);
    }
    std::size_t in_turn = 0;
    for (auto one = queue_.next_ready_after(0); one; one = queue_.next_ready_after(one->turn)) {
      ++in_turn;
      const auto at = messages.find(one->offset.value);
      EXPECT_TRUE(at != messages.end() && !at->second.leased);
    }
    EXPECT_EQ(in_turn, messages.size() - leased);
    std::size_t visited = 0;
    queue_.for_each([&](const LeaseQueue::Unfinished& one) {
      ++visited;
      const auto at = messages.find(one.offset.value);
      ASSERT_NE(at, messages.end());
      EXPECT_EQ(one.attempts, at->second.attempts);
      EXPECT_EQ(one.leased, at->second.leased);
      EXPECT_EQ(one.lease.stamp, at->second.lease.stamp);
      EXPECT_EQ(one.lease.deadline, at->second.lease.deadline);
      EXPECT_EQ(one.lease.owner, at->second.lease.owner);
    });
    EXPECT_EQ(visited, messages.size());
  }

  std::mt19937_64 random_;
  std::int64_t now_ = 1000;
  LeaseQueue queue_{QueueOffset(0)};
  Model model_;
};

/// SLUICE_SEED=n plays one run.
TEST(LeaseQueueModel, AgreesWithANaiveMapUnderRandomActs) {
  std::uint64_t first = 1;
  std::uint64_t last = 1500;
  if (const char* seed = std::getenv("SLUICE_SEED")) {
    first = last = parse_number<std::uint64_t>(seed).value_or(1);
  }
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    ASSERT_TRUE(Comparison(seed).run()) << "SLUICE_SEED=" << seed << " replays it";
  }
}

}  // namespace
}  // namespace sluice::delivery
