#include "broker/sends_ahead.h"

namespace sluice::broker {

void SendsAhead::expect(std::string_view topic, QueueId queue) {
  ++next_;
  Send& now = told(0);
  now = {.hash = TopicTable::hash(topic), .name = topic, .queue = queue, .topic = nullptr};
  topics_.expect_row(now.hash);
  if (const Send& second = told(2); !second.name.empty()) topics_.expect_topic(second.hash);
  if (Send& third = told(4); !third.name.empty()) {
    third.topic = topics_.look(third.hash, third.name);
    if (third.topic != nullptr) third.topic->expect_place(third.queue);
  }
  if (const Send& fourth = told(6); fourth.topic != nullptr)
    fourth.topic->expect_queue(fourth.queue);
}

void SendsAhead::clear() { sends_ = {}; }

}  // namespace sluice::broker
