#include <sluice/pull_consumer.h>

#include "client/c/client.h"
#include "client/c/guard.h"
#include "client/c/options.h"
#include "client/c/received.h"

using namespace sluice;

struct sluice_pull_consumer {
  sluice_pull_consumer(Client& client, PullConsumerOptions options)
      : consumer(client, std::move(options)) {}
  PullConsumer consumer;
};
struct sluice_messages {
  std::vector<sluice_received> all;
};
struct sluice_queues {
  std::vector<Queue> kept;
  std::vector<sluice_queue> shown;  ///< views of `kept`
};

namespace {

Outcome<Queue> queue_of(const sluice_queue* from) {
  if (from == nullptr || from->topic == nullptr || from->broker == nullptr) {
    return Failure{Errc::invalid_argument, "a queue, its topic and its broker must not be null"};
  }
  return Queue{from->topic, from->broker, from->id};
}

Outcome<std::vector<Queue>> queues_of(const sluice_queue* from, size_t count) {
  std::vector<Queue> all;
  for (size_t i = 0; i < count; ++i) {
    auto one = queue_of(from + i);
    if (!one) return one.error();
    all.push_back(std::move(*one));
  }
  return all;
}

/// `ask` gives an offset of the queue.
template <class Ask>
int offset_of(const sluice_queue* queue, int64_t* offset, Ask ask) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(offset != nullptr, "offset"); !there) return there;
    const auto named = queue_of(queue);
    if (!named) return named.error();
    const Outcome<std::int64_t> told = ask(*named);
    if (!told) return told.error();
    *offset = *told;
    return {};
  });
}

int seek(sluice_pull_consumer* consumer, const sluice_queue* queue, Place place) {
  return c::guarded([&]() -> Outcome<void> {
    const auto named = queue_of(queue);
    if (!named) return named.error();
    return consumer->consumer.seek(*named, place);
  });
}

Place place_of(int64_t offset) {
  if (offset == SLUICE_FIRST) return End::first;
  if (offset == SLUICE_NEXT) return End::next;
  return offset;
}

}  // namespace

int sluice_pull_consumer_new(sluice_client* client, const sluice_options* options,
                             sluice_pull_consumer** consumer) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(client && options && consumer, "client, options and consumer");
        !there) {
      return there;
    }
    auto made = std::make_unique<sluice_pull_consumer>(client->client, options->pull);
    if (auto status = made->consumer.status(); !status) return status;
    *consumer = made.release();
    return {};
  });
}

void sluice_pull_consumer_free(sluice_pull_consumer* consumer) { delete consumer; }

int sluice_pull_queues(sluice_pull_consumer* consumer, const char* topic, sluice_queues** queues) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(queues != nullptr, "queues"); !there) return there;
    auto found = topic != nullptr ? consumer->consumer.queues_of(topic)
                                  : Outcome<std::vector<Queue>>(consumer->consumer.queues());
    if (!found) return found.error();
    auto made = std::make_unique<sluice_queues>();
    made->kept = std::move(*found);
    for (const Queue& queue : made->kept) {
      made->shown.push_back({queue.topic.c_str(), queue.broker.c_str(), queue.id});
    }
    *queues = made.release();
    return {};
  });
}

size_t sluice_queues_count(const sluice_queues* queues) { return queues->shown.size(); }
const sluice_queue* sluice_queues_all(const sluice_queues* queues) { return queues->shown.data(); }
void sluice_queues_free(sluice_queues* queues) { delete queues; }

int sluice_pull_assign(sluice_pull_consumer* consumer, const sluice_queue* queues, size_t count) {
  return c::guarded([&]() -> Outcome<void> {
    auto named = queues_of(queues, count);
    if (!named) return named.error();
    return consumer->consumer.assign(std::move(*named));
  });
}

int sluice_poll(sluice_pull_consumer* consumer, int64_t wait_ms, sluice_messages** messages) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(messages != nullptr, "messages"); !there) return there;
    auto polled = consumer->consumer.poll(std::chrono::milliseconds(wait_ms));
    if (!polled) return polled.error();
    auto made = std::make_unique<sluice_messages>();
    for (ReceivedMessage& message : *polled) made->all.push_back({std::move(message)});
    *messages = made.release();
    return {};
  });
}

size_t sluice_messages_count(const sluice_messages* messages) { return messages->all.size(); }
const sluice_received* sluice_messages_at(const sluice_messages* messages, size_t index) {
  return index < messages->all.size() ? &messages->all[index] : nullptr;
}
void sluice_messages_free(sluice_messages* messages) { delete messages; }

int sluice_pull_seek(sluice_pull_consumer* consumer, const sluice_queue* queue, int64_t offset) {
  return seek(consumer, queue, place_of(offset));
}
int sluice_pull_seek_time(sluice_pull_consumer* consumer, const sluice_queue* queue, int64_t ms) {
  return seek(consumer, queue,
              std::chrono::system_clock::time_point(std::chrono::milliseconds(ms)));
}

int sluice_pull_commit(sluice_pull_consumer* consumer) {
  return c::guarded([&] { return consumer->consumer.commit(); });
}
int sluice_pull_commit_at(sluice_pull_consumer* consumer, const sluice_queue* queue,
                          int64_t offset) {
  return c::guarded([&]() -> Outcome<void> {
    auto named = queue_of(queue);
    if (!named) return named.error();
    return consumer->consumer.commit({{std::move(*named), offset}});
  });
}

int sluice_pull_position(sluice_pull_consumer* consumer, const sluice_queue* queue,
                         int64_t* offset) {
  return offset_of(queue, offset, [&](const Queue& q) { return consumer->consumer.position(q); });
}
int sluice_pull_committed(sluice_pull_consumer* consumer, const sluice_queue* queue,
                          int64_t* offset) {
  return offset_of(queue, offset, [&](const Queue& q) { return consumer->consumer.committed(q); });
}

int sluice_pull_pause(sluice_pull_consumer* consumer, const sluice_queue* queues, size_t count,
                      int on) {
  return c::guarded([&]() -> Outcome<void> {
    auto named = queues_of(queues, count);
    if (!named) return named.error();
    if (on != 0) {
      consumer->consumer.pause(std::move(*named));
    } else {
      consumer->consumer.resume(std::move(*named));
    }
    return {};
  });
}
