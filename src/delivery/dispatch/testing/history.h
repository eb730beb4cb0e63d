#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "delivery/dispatch/dispatch.h"
#include "delivery/dispatch/testing/fake_queue.h"
#include "delivery/dispatch/testing/referee.h"

/// One random history of a group and a queue, made from a seed: members come, go and crash, take
/// messages, end them in every way, late or not at all, while time passes; then those who are there
/// behave, and everything has to come to an end. A referee watches.
namespace sluice::delivery::testing {

/// Mistakes that can be planted between the members and the engine, to see that the referee finds
/// them.
enum class Fault : std::uint8_t {
  none,
  keys_not_held_back,  ///< a key moves although the old owner has messages of it
  early_expiry,        ///< leases end too soon
  nack_taken_for_ack,  ///< what a member gives back is finished
  crash_unnoticed,     ///< what a member held that crashed stays out
  permits_doubled,     ///<
  filter_ignored,      ///<
  message_skipped,     ///< one message is never seen
  everybody_active,    ///< members of a failover group share
  endless_retries,     ///< no message is ever dead
  sleeps_too_long,     ///< nobody asks again when nothing arrives
  any_ack_believed,    ///< whoever acknowledges, it counts
  no_rest,             ///< what failed comes again at once
  batches_overlap,     ///< the next batch is handed out before the first has ended
  held_without_limit,  ///<
  wrong_hands,         ///< deliveries reach the member that is not meant
};
inline constexpr int kFaults = 16;

class History {
 public:
  explicit History(std::uint64_t seed, Fault fault = Fault::none, bool trace = false)
      : random_(seed),
        fault_(fault),
        trace_(trace),
        plan_(make_plan()),
        view_(queue_, *this),
        dispatch_(planted(plan_), LeaseQueue(QueueOffset(0)), view_),
        referee_(plan_, queue_) {}

  /// The broken promise, or nothing.
  std::string run();
  const std::vector<std::string>& trace() const { return lines_; }
  /// Messages handed out, read, or told dead.
  std::size_t handed() const { return handed_; }

 private:
  struct View final : QueueView {
    View(const FakeQueue& all, const History& history) : queue(all), owner(history) {}
    QueueOffset end() const override { return queue.end(); }
    std::size_t read(QueueOffset from, std::span<Entry> out) const override;
    bool wanted_by(MemberId member, const Entry& entry) const override {
      return owner.fault_ == Fault::filter_ignored || queue.wanted_by(member, entry);
    }
    const FakeQueue& queue;
    const History& owner;
  };
  using Step = void (History::*)();

  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  MemberId somebody() { return present_.empty() ? kNobody : present_[below(present_.size())]; }
  template <class... Parts>
  void note(fmt::format_string<const Parts&...> text, const Parts&... parts) {
    if (trace_)
      lines_.push_back(fmt::format("{:>5} ", unix_ms(now_)) + fmt::format(text, parts...));
  }
  Plan make_plan();
  Plan planted(Plan plan) const;
  bool looks() const { return !cell(plan_.model, plan_.mode).leases; }

  void arrive();
  void join();
  void leave();
  void permit();
  void serve();
  void serve(MemberId member, std::int32_t count, milliseconds lease);
  void look(MemberId member);
  void acknowledge();
  void acknowledge(const Receipt& receipt);
  void acknowledge_to();
  void give_back();
  void give_back_all();
  void extend();
  void reject();
  void bury();
  void pass_time();
  void retain();
  void restart();

  void settle();
  bool all_done();
  void take(Decision decision, std::uint64_t attempt);
  std::optional<Receipt> some_receipt();

  std::mt19937_64 random_;
  Fault fault_;
  bool trace_;
  std::vector<std::string> lines_;
  Plan plan_;
  bool filters_ = false;
  bool delays_ = false;
  bool restarted_ = false;
  FakeQueue queue_;
  View view_;
  Dispatch dispatch_;
  Referee referee_;
  WallTime now_ = from_unix_ms(1000);
  std::vector<MemberId> present_;
  MemberId latest_ = kNobody;
  std::vector<Receipt> receipts_;  // all that were ever given
  std::vector<Dead> dead_;
  std::optional<WallTime> again_;
  std::size_t handed_ = 0;
  std::size_t events_ = 0;  // deliveries and ends, to see whether anything happens
  QueueOffset retained_;
};

}  // namespace sluice::delivery::testing
