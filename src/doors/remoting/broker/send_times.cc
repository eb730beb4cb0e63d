#include "doors/remoting/broker/session.h"

/// When this connection's sends were where.
namespace sluice::doors {

/// The wake's sends are appended, confirmed and answered.
void BrokerSession::note_append(SendTimes times) {
  times.confirmed = times.answered = times.appended;
  const bool slow = context_.slow.is_slow(times.arrived, times.answered);
  const auto topic = slow ? context_.sends.messages(tickets_.front().ticket).front().message.topic
                          : std::string_view();
  note_times(times, tickets_.size(), topic);
}

void BrokerSession::note_times(const SendTimes& times, std::size_t sends, std::string_view topic) {
  if (!unwritten_) unwritten_ = std::make_unique<Unwritten>();
  if (unwritten_->sends == 0) {
    unwritten_->times = times;
    unwritten_->topic = topic;
  }
  unwritten_->sends += static_cast<std::int64_t>(sends);
}

void BrokerSession::on_written() {
  if (!unwritten_ || unwritten_->sends == 0) return;
  context_.slow.written(*unwritten_, context_.door().clock().steady(), connection_.peer());
}

}  // namespace sluice::doors
