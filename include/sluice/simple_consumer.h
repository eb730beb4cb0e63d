#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/deferred.hpp>
#include <sluice/client.h>
#include <sluice/completion.h>
#include <sluice/message.h>
#include <sluice/subscription.h>

/// Consuming message by message: each is leased for a time, acknowledged when it is done, and comes
/// again, to anybody, when it is not. Needs a broker that knows pop: Sluice or Apache RocketMQ 5.
///
///   sluice::SimpleConsumer consumer(client, {.group = "g", .subscriptions = {{.topic = "jobs"}}});
///   auto leases = consumer.receive({.max_messages = 16, .wait = std::chrono::seconds(10)});
///   for (const auto& lease : *leases) {
///     work(lease->body);
///     consumer.ack(lease);
///   }
namespace sluice {

namespace client {
class Popping;
struct LeaseState;
}  // namespace client

struct SimpleConsumerOptions {
  std::string group;
  std::vector<Subscription> subscriptions;
  StartAt start = StartAt::last;  ///< where a new group begins; not StartAt::time
  /// Each queue's messages go out one batch after the other, in order.
  bool fifo = false;
  std::chrono::milliseconds invisible{60'000};  ///< of a lease, 10 ms to 5 days
  /// Leases in hand are renewed when two thirds of their time are over, until they are
  /// acknowledged or the last copy of the Lease is gone, but no longer than max_renewal.
  bool renew = false;
  std::chrono::milliseconds max_renewal{3'600'000};
};

struct Receive {
  int max_messages = 32;                   ///< 1 to 32
  std::chrono::milliseconds wait{10'000};  ///< 0: what is there now
  std::chrono::milliseconds invisible{0};  ///< 0: the consumer's
};

/// A message that is ours for a time. Copies are of the same lease. Any thread.
class Lease {
 public:
  Lease() = default;
  const ReceivedMessage& message() const;
  const ReceivedMessage* operator->() const { return &message(); }
  /// When it ends, as things stand; it may have been renewed since.
  std::chrono::steady_clock::time_point until() const;
  /// What brokers know it by; changes when it is renewed.
  std::string receipt() const;

 private:
  friend class client::Popping;
  explicit Lease(std::shared_ptr<client::LeaseState> state) : state_(std::move(state)) {}
  std::shared_ptr<client::LeaseState> state_;
};

/// Takes messages of its topics from all their brokers. Any number of these may work in one group,
/// with no share of queues between them; do not mix them with push or pull consumers in a group.
/// Nothing is asked of a broker while nobody receives: that is the back-pressure. Thread-safe;
/// several calls may be under way. Operations with async_ complete as completion.h says; their
/// twins wait and must not run on the client's own thread.
class SimpleConsumer {
 public:
  using Leases = std::vector<Lease>;

  /// Options that contradict each other show as Errc::invalid_argument in status().
  SimpleConsumer(Client& client, SimpleConsumerOptions options);
  /// close()
  ~SimpleConsumer();
  SimpleConsumer(const SimpleConsumer&) = delete;
  SimpleConsumer& operator=(const SimpleConsumer&) = delete;

  Outcome<void> status() const;
  /// Gives back what no call has received yet. Leases in hand stay valid for their time and can
  /// still be acknowledged, but are not renewed any more.
  void close();

  /// 1 to max_messages; none after the wait. Brokers that cannot be reached are tried again while
  /// others answer. Errors: closed, invalid_argument, and what a broker refuses with its remark.
  template <class Token>
  auto async_receive(Receive receive, Token&& token) {
    return initiate<Leases>(std::forward<Token>(token),
                            [self = popping_, receive](Completion<Leases> done) {
                              begin_receive(self, receive, std::move(done));
                            });
  }
  Outcome<Leases> receive(Receive receive = {});

  /// The next message, however long it takes.
  ///
  ///   while (auto lease = co_await consumer.next()) {
  ///     work((*lease)->body);
  ///     co_await consumer.async_ack(*lease, boost::asio::deferred);
  ///   }
  template <class Token = boost::asio::deferred_t>
  auto next(Token&& token = {}) {
    return initiate<Lease>(std::forward<Token>(token), [self = popping_](Completion<Lease> done) {
      begin_next(self, std::move(done));
    });
  }

  /// Done: it does not come again. Completes when the broker has it. Errors: closed, timed_out (it
  /// may come again), and what the broker refuses, such as a lease that is not there.
  template <class Token>
  auto async_ack(Lease lease, Token&& token) {
    return initiate<void>(std::forward<Token>(token),
                          [self = popping_, lease = std::move(lease)](Completion<void> done) {
                            begin_ack(self, lease, std::move(done));
                          });
  }
  Outcome<void> ack(const Lease& lease);

  /// The lease ends that long from now: longer, or at once with 1 ms, so that it comes again.
  template <class Token>
  auto async_change_invisible_time(Lease lease, std::chrono::milliseconds time, Token&& token) {
    return initiate<void>(std::forward<Token>(token),
                          [self = popping_, lease = std::move(lease), time](Completion<void> done) {
                            begin_change(self, lease, time, std::move(done));
                          });
  }
  Outcome<void> change_invisible_time(const Lease& lease, std::chrono::milliseconds time);

 private:
  using Self = std::shared_ptr<client::Popping>;
  static void begin_receive(const Self& self, Receive receive, Completion<Leases> done);
  static void begin_next(const Self& self, Completion<Lease> done);
  static void begin_ack(const Self& self, const Lease& lease, Completion<void> done);
  static void begin_change(const Self& self, const Lease& lease, std::chrono::milliseconds time,
                           Completion<void> done);
  Self popping_;
  Failure status_{};
  std::atomic<bool> closed_{false};
};

}  // namespace sluice
