#include "broker/sends_ahead.h"

namespace sluice::broker {
namespace {

// So many sends later the next step is taken: what was asked for has come by then.
constexpr std::size_t kToTopic = 3, kToQueue = 6;

}  // namespace

void SendsAhead::expect(std::string_view topic, QueueId queue) {
  Send& now = told(0);
  now = {.hash = topic_hash(topic), .name = topic, .queue = queue, .topic = nullptr};
  topics_.expect_row(now.hash);
  step();
}

void SendsAhead::go_on() {
  told(0) = {};
  step();
}

Topic* SendsAhead::take() {
  Send& send = sends_[taken_++ % kPlaces];
  send.name = {};  // nothing more is to be done for it
  return send.topic;
}

void SendsAhead::step() {
  if (const Send& send = told(kToTopic); !send.name.empty()) topics_.expect_topic(send.hash);
  if (Send& send = told(kToQueue); !send.name.empty()) {
    send.topic = topics_.find(send.hash, send.name);
    if (send.topic != nullptr) send.topic->expect_queue(send.queue);
  }
  ++next_;
}

void SendsAhead::clear() {
  sends_ = {};
  next_ = taken_ = 0;
}

}  // namespace sluice::broker
