#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "delivery/dispatch/dispatch.h"
#include "delivery/dispatch/testing/fake_queue.h"

/// Watches a history from outside and says what was promised and not kept. It shares no state with
/// the engine: it knows the plan, the queue, what members did and what they were told.
namespace sluice::delivery::testing {

class Referee {
 public:
  using Outcome = LeaseQueue::Outcome;

  Referee(const Plan& plan, const FakeQueue& queue)
      : plan_(plan), cell_(cell(plan.model, plan.mode)), queue_(queue) {
    order_ = cell_.order;
    if (plan.fifo && order_ == Order::none) order_ = Order::queue;
    if (plan.out_of_order && order_ == Order::key) order_ = Order::none;
    one_batch_ = cell_.one_batch || plan.fifo;
  }

  /// The first broken promise; empty when all was kept.
  const std::string& verdict() const { return verdict_; }

  void joined(const Joining& about) { members_[about.id] = {about.held_max}; }
  void left(MemberId id, Dispatch::Leases leases) {
    members_.erase(id);
    for (auto& [offset, message] : of(id)) {
      const bool ends =
          leases == Dispatch::Leases::give_back || message.deadline == WallTime::max();
      if (message.holder == id && ends) end_hold(message, 1);
    }
    if (cell_.own) progress_.erase(id);
  }
  void permitted(MemberId id, std::int64_t permits) { members_[id].permits += permits; }
  void noticed(const std::vector<Notice>& notices, WallTime now) {
    for (const Notice& notice : notices) {
      if (!notice.active || notice.member == active_) continue;
      if (active_ != kNobody) starts_ = now + plan_.failover_delay;
      for (auto& [offset, message] : of(active_)) {
        if (message.holder == active_ && message.deadline == WallTime::max()) end_hold(message, 0);
      }
      active_ = notice.member;
    }
    if (members_.empty()) active_ = kNobody;
  }

  void time(WallTime now) {
    now_ = now;
    for (auto& [id, progress] : progress_) {
      for (auto& [offset, message] : progress) {
        if (message.holder != kNobody && message.deadline <= now) end_hold(message, 1);
      }
    }
  }

  /// What one pass of push, pop or pull gave. `attempt`: the pop's.
  void handed(const Decision& decision, std::uint64_t attempt);

  void acknowledged(const Receipt& receipt, Outcome outcome) {
    Message& message = at(receipt.member, receipt.offset);
    const bool holds = holds_by(message, receipt);
    if (outcome != Outcome::done) {
      expect(!holds, "the holder's ack was refused", receipt.offset);
      return;
    }
    expect(!message.finished && !message.dead, "a finished message was acknowledged",
           receipt.offset);
    const bool ready = message.holder == kNobody && (cell_.rewinds || now_ >= message.rests_until);
    expect(holds || (ready && plan_.believe_late), "a stale ack was accepted", receipt.offset);
    message.finished = true;
    message.holder = kNobody;
  }
  void acknowledged_to(MemberId member, QueueOffset offset, Outcome outcome) {
    if (outcome != Outcome::done) return;
    expect(plan_.mode != Mode::failover || member == active_,
           "another one's cumulative ack was accepted", offset);
    for (QueueOffset each; each <= offset; each += 1) {
      Message& message = at(member, each);
      message.finished = true;
      message.holder = kNobody;
    }
  }
  void given_back(const Receipt& receipt, milliseconds delay, Outcome outcome) {
    Message& message = at(receipt.member, receipt.offset);
    const bool holds = holds_by(message, receipt);
    expect(holds == (outcome == Outcome::done), "give_back: wrong outcome", receipt.offset);
    if (!holds) return;
    end_hold(message, 1);
    message.rests_until = now_ + delay;
    if (!cell_.rewinds) return;
    for (auto& [offset, other] : of(receipt.member)) {
      if (other.holder == receipt.member) end_hold(other, 0);
    }
  }
  void gave_back_all(MemberId member) {
    for (auto& [offset, message] : of(member)) {
      if (message.holder == member) end_hold(message, 1);
    }
  }
  void extended(const Receipt& receipt, WallTime stamp, WallTime deadline) {
    Message& message = at(receipt.member, receipt.offset);
    expect(holds_by(message, receipt), "a lease was extended that had ended", receipt.offset);
    message.stamp = stamp;
    message.deadline = deadline;
  }
  void rejected(const Receipt& receipt, Outcome outcome) {
    Message& message = at(receipt.member, receipt.offset);
    const bool holds = holds_by(message, receipt);
    expect(holds == (outcome == Outcome::done), "reject: wrong outcome", receipt.offset);
    if (holds) end_hold(message, 0), message.dead = true;
  }
  void buried(const Dead& dead) { at(dead.progress, dead.offset).finished = true; }
  /// What is kept in memory only is forgotten: who was active, how long a rewound queue rests.
  void restarted() {
    active_ = kNobody;
    starts_ = {};
    if (!cell_.rewinds) return;
    for (auto& [offset, message] : of(kNobody)) message.rests_until = {};
  }
  void erased(QueueOffset offset) { erased_.insert(offset.value); }

  /// When all is over: nothing that somebody wanted may be unfinished.
  void finish(MemberId progress, QueueOffset floor);
  /// To be called whenever members or messages changed: what nobody wants may be passed over.
  void note_unwanted();
  void expect(bool kept, const char* what, QueueOffset offset) {
    if (!kept && verdict_.empty()) verdict_ = fmt::format("{} (offset {})", what, offset.value);
  }

  /// Receipts of what a member holds, and of what it held.
  std::vector<Receipt> receipts(MemberId member) {
    std::vector<Receipt> found;
    for (const auto& [offset, message] : of(member)) {
      if (message.holder == member) found.push_back({member, QueueOffset(offset), message.stamp});
    }
    return found;
  }

 private:
  struct Member {
    std::size_t held_max = 0;
    std::int64_t permits = 0;
  };
  struct Message {
    bool finished = false;
    bool dead = false;
    int failures = 0;
    MemberId holder = kNobody;
    WallTime stamp;
    WallTime deadline;
    WallTime rests_until;
    std::uint64_t attempt = 0;
    int pass = 0;
  };
  using Progress = std::map<std::int64_t, Message>;

  Progress& of(MemberId member) { return progress_[cell_.own ? member : kNobody]; }
  Message& at(MemberId member, QueueOffset offset) { return of(member)[offset.value]; }
  static bool holds_by(const Message& message, const Receipt& receipt) {
    if (message.holder == kNobody || message.dead) return false;
    return receipt.stamp ? message.stamp == *receipt.stamp : message.holder == receipt.member;
  }
  static void end_hold(Message& message, int failures) {
    message.holder = kNobody;
    message.failures += failures;
  }

  void handed_one(const Delivery& delivery, std::uint64_t attempt);

  void check_order(MemberId id, const Entry& entry);

  Plan plan_;
  const Cell& cell_;
  const FakeQueue& queue_;
  Order order_;
  bool one_batch_ = false;
  std::string verdict_;
  WallTime now_;
  WallTime starts_;
  int pass_ = 0;
  MemberId active_ = kNobody;
  std::map<MemberId, Member> members_;
  std::map<MemberId, Progress> progress_;
  std::set<std::int64_t> erased_, unwanted_;
};

}  // namespace sluice::delivery::testing
