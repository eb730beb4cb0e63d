#include <utility>

#include "doors/remoting/broker/reactor_context.h"
#include "doors/remoting/broker/session.h"
#include "wire/remoting/requests/send.h"

/// Answers and announcements that wait until the log is confirmed.
namespace sluice::doors {

void ReactorContext::answer_later(LateAnswer answer) {
  const LogPosition until = answer.until;
  owe_answer() = std::move(answer);
  answers_owed(until);
}

void ReactorContext::answers_owed(LogPosition until) {
  if (late_answers_.empty()) return;
  if (late_answers_.front().until == until) arm();  // the first ones
  wait_for(until);
}

void ReactorContext::announce_later(LogPosition until,
                                    std::span<broker::TopicQueue* const> queues) {
  for (const broker::TopicQueue* queue : queues) {
    LateArrival& arrival = late_arrivals_.push();
    arrival.until = until;
    arrival.topic = queue->index->topic();
    arrival.queue = queue->index->id();
  }
  if (!queues.empty()) wait_for(until);
}

void ReactorContext::wait_for(LogPosition until) {
  // The mark first, then the look: whoever confirms does so first, then looks for the mark.
  waiting_.store(true);
  const LogPosition confirmed = broker().store().confirmed();
  if (confirmed >= until) confirmed_elsewhere(confirmed);
}

void ReactorContext::announce_when(LogPosition until, std::span<broker::TopicQueue* const> queues) {
  if (broker().store().confirmed() >= until) {
    announce(queues);
  } else {
    announce_later(until, queues);
  }
}

void ReactorContext::confirmed_elsewhere(LogPosition) {
  if (!waiting_.load() || release_posted_.exchange(true)) return;
  if (slow.on()) confirmed_at_ = door_.clock().steady();
  reactor_.post([this] {
    release_posted_.store(false);
    release(broker().store().confirmed());
  });
}

void ReactorContext::release(LogPosition confirmed) {
  const SteadyTime confirmed_at = confirmed_at_;
  const SteadyTime now = slow.on() ? door_.clock().steady() : SteadyTime();
  for (; !late_answers_.empty() && late_answers_.front().until <= confirmed; late_answers_.pop()) {
    LateAnswer& answer = late_answers_.front();
    auto connection = answer.connection.lock();
    if (!connection || !connection->is_open()) continue;
    write_send_reply(*connection, answer, broker().options(), wire::remoting::kSuccess, {});
    note_times(answer, confirmed_at, now);
    if (answered_.empty() || answered_.back() != connection) {
      answered_.push_back(std::move(connection));
    }
  }
  for (const auto& connection : answered_) connection->flush();
  answered_.clear();
  release_arrivals(confirmed);
  fail_answers();
  if (late_answers_.empty() && late_arrivals_.empty()) waiting_.store(false);
}

void ReactorContext::note_times(LateAnswer& answer, SteadyTime confirmed, SteadyTime answered) {
  if (!answer.session) return;
  answer.times.confirmed = confirmed;
  answer.times.answered = answered;
  answer.session->note_times(answer.times, 1, answer.topic);
}

void ReactorContext::fail_answers() {
  if (late_answers_.empty()) return;
  const auto health = broker().store().flush_health();
  if (health) return;
  for (; !late_answers_.empty(); late_answers_.pop()) {
    const LateAnswer& answer = late_answers_.front();
    const auto connection = answer.connection.lock();
    if (!connection || !connection->is_open()) continue;
    write_error(connection->out(), answer.reply_to, health.error());
    connection->flush();
  }
}

void ReactorContext::release_arrivals(LogPosition confirmed) {
  for (; !late_arrivals_.empty() && late_arrivals_.front().until <= confirmed;
       late_arrivals_.pop()) {
    const LateArrival& arrival = late_arrivals_.front();
    const auto topic = broker().topics().find(arrival.topic);
    broker::TopicQueue* const queue = topic ? topic->queue(arrival.queue) : nullptr;
    if (queue) announce({&queue, 1});
  }
}

void ReactorContext::expire_answers(SteadyTime now) {
  for (; !late_answers_.empty() && late_answers_.front().deadline <= now; late_answers_.pop()) {
    LateAnswer& answer = late_answers_.front();
    const auto connection = answer.connection.lock();
    if (!connection || !connection->is_open()) continue;
    write_send_reply(*connection, answer, broker().options(), wire::remoting::kFlushDiskTimeout,
                     "written, but not flushed in time (syncFlushTimeout)");
    note_times(answer, now, now);
    connection->flush();
  }
}

}  // namespace sluice::doors
