#include <utility>

#include "doors/remoting/broker/session.h"

/// One append for what several connections send at the same time: with one message in flight each,
/// what an append costs beside the message would be paid for each of them.
namespace sluice::doors {
namespace {

constexpr std::size_t kTogetherMax = 64 << 10;  // bytes: more would not stay in the nearest caches

}  // namespace

void ReactorContext::sends_from(BrokerSession& session) {
  Sender& sender = senders_.emplace_back(session.connection().shared_from_this(), &session);
  if (!slow.on()) return;
  sender.times.begun = door_.clock().steady();
  sender.times.arrived = sender.times.begun - sender.connection->age();
}

void ReactorContext::append_soon(net::Connection& connection) {
  // Nobody else is sending: to look for others would only make the sender wait.
  const bool alone =
      std::exchange(last_sender_, &connection) == &connection && senders_.size() == 1;
  if (alone || sends.bytes() > kTogetherMax || !connection.keep_frames()) return append_sends();
  if (std::exchange(append_posted_, true)) return;
  // Behind the connections that are readable now.
  reactor_.post([this] {
    append_posted_ = false;
    append_sends();
  });
}

void ReactorContext::append_sends() {
  if (senders_.empty()) return;
  const auto until = sends.append();
  const SteadyTime appended = slow.on() ? door_.clock().steady() : SteadyTime();
  for (Sender& sender : senders_) {
    sender.times.appended = appended;
    if (sender.connection->is_open()) sender.session->answer_sends(until, sender.times);
  }
  senders_.clear();
  if (until) announce_when(*until, sends.queues());
  fail_answers();  // when the flush has failed since the append
  sends.clear();
  let_topics_go();
  reactor_.let_frames_go();
}

void ReactorContext::forget_topic(std::string_view name) {
  sends.forget_topic(name);
  let_topics_go();
}

/// A wake's sends may be appended while more of them are asked: those have found their topics.
void ReactorContext::let_topics_go() {
  if (senders_.empty() && asked_sends.empty()) sends.let_topics_go();
}

}  // namespace sluice::doors
