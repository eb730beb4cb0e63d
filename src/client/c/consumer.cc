#include <vector>

#include <sluice/push_consumer.h>

#include "client/c/client.h"
#include "client/c/guard.h"
#include "client/c/options.h"
#include "client/c/received.h"

using namespace sluice;

struct sluice_consumer {
  sluice_consumer(Client& client, PushConsumerOptions options)
      : consumer(client, std::move(options)) {}
  PushConsumer consumer;
};

int sluice_consumer_new(sluice_client* client, const sluice_options* options,
                        sluice_listener listener, void* context, sluice_consumer** consumer) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(client && options && listener && consumer,
                               "client, options, listener and consumer");
        !there) {
      return there;
    }
    PushConsumerOptions own = options->push;
    own.listener = [listener, context](std::span<const ReceivedMessage> messages) -> Verdict {
      std::vector<sluice_received> kept;
      std::vector<const sluice_received*> shown;
      kept.reserve(messages.size());
      for (const ReceivedMessage& message : messages) {
        shown.push_back(&kept.emplace_back(sluice_received{message}));
      }
      return {.done = listener(context, shown.data(), shown.size()) == SLUICE_DONE};
    };
    auto made = std::make_unique<sluice_consumer>(client->client, std::move(own));
    if (auto status = made->consumer.status(); !status) return status;
    *consumer = made.release();
    return {};
  });
}

int sluice_consumer_close(sluice_consumer* consumer) {
  return c::guarded([&] { return consumer->consumer.close(); });
}

void sluice_consumer_free(sluice_consumer* consumer) { delete consumer; }
