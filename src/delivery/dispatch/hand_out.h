#pragma once

#include <functional>
#include <optional>

#include "delivery/dispatch/decision.h"
#include "delivery/dispatch/outstanding.h"
#include "delivery/dispatch/queue_view.h"

/// One pass over what can be handed out: first what is ready again, then what is new.
namespace sluice::delivery {

/// What becomes of one message.
struct Choice {
  enum class Kind : std::uint8_t {
    give,
    leave,   ///< it waits, others may pass it
    finish,  ///< nobody wants it
    stop,    ///< it waits, and so does everything behind it
  };
  Kind kind = Kind::stop;
  MemberId member = kNobody;
};

/// Who gets what: the mode's part of a pass.
class Assigner {
 public:
  virtual ~Assigner() = default;
  virtual Choice choose(const Entry& entry) = 0;
  /// The member was given a message.
  virtual void took(MemberId member) = 0;
  /// Messages of the same slot have an order among them.
  virtual std::uint32_t slot(const Entry& entry) const = 0;
};

class HandOut {
 public:
  /// `grant` without its member. Looks at no more than kScanMax new messages.
  HandOut(Outstanding& out, const QueueView& view, Assigner& assigner, const Grant& grant)
      : out_(out), view_(view), assigner_(assigner), grant_(grant) {}
  void run(Decision& decision);

  static constexpr int kScanMax = 4096;

 private:
  Choice choose(const Entry& entry);
  void deliver(const Entry& entry, MemberId member, std::int32_t attempts, Decision& decision);
  bool redeliver(Decision& decision);
  void hand_new(Decision& decision);
  /// False: the pass is over.
  bool hand_one(const Entry& entry, Decision& decision);

  Outstanding& out_;
  const QueueView& view_;
  Assigner& assigner_;
  Grant grant_;
  std::optional<Delivery> latest_;
};

}  // namespace sluice::delivery
