#pragma once

#include <chrono>
#include <memory>

#include <sluice/completion.h>
#include <sluice/message.h>

/// Messages that consumers see once their sender has decided so.
///
///   auto begun = producer.begin({.topic = "orders", .body = "two apples"});
///   if (!begun) …                                   // nothing was stored
///   const bool paid = take_money();
///   auto ended = paid ? begun->commit() : begun->rollback();
///
/// A producer that dies in between, or whose decision gets lost, is asked later: the broker calls
/// `check` (ProducerOptions) of any producer of the same group.
namespace sluice {

namespace client {
class Sender;
}

enum class Decision : std::uint8_t {
  commit,    ///< consumers get the message
  rollback,  ///< nobody ever gets it
  unknown,   ///< not yet known; the broker asks again later
};

/// A message that the broker has stored and shows to nobody until it is decided. Cheap to copy.
/// Dropping it decides nothing: then the broker asks `check`. Thread-safe.
class Transaction {
 public:
  Transaction(std::shared_ptr<client::Sender> sender, Receipt half)
      : sender_(std::move(sender)), half_(std::move(half)) {}

  /// `queue` and `offset` are those of the half, not of what consumers will get.
  const Receipt& receipt() const { return half_; }

  /// Wait for the broker's answer. Not on the client's own thread. After an error the decision may
  /// or may not have arrived: say it again, or let the broker ask.
  Outcome<void> commit() { return end(Decision::commit); }
  Outcome<void> rollback() { return end(Decision::rollback); }

  /// Complete with Outcome<void>, see completion.h.
  template <class Token>
  auto async_commit(Token&& token) {
    return async_end(Decision::commit, std::forward<Token>(token));
  }
  template <class Token>
  auto async_rollback(Token&& token) {
    return async_end(Decision::rollback, std::forward<Token>(token));
  }

 private:
  template <class Token>
  auto async_end(Decision decision, Token&& token) {
    return initiate<void>(std::forward<Token>(token),
                          [sender = sender_, half = half_, decision](Completion<void> done) {
                            begin_end(sender, half, decision, std::move(done));
                          });
  }
  Outcome<void> end(Decision decision);
  static void begin_end(const std::shared_ptr<client::Sender>& sender, const Receipt& half,
                        Decision decision, Completion<void> done);

  std::shared_ptr<client::Sender> sender_;
  Receipt half_;
};

}  // namespace sluice
