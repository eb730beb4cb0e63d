#include <sluice/simple_consumer.h>

#include "client/c/client.h"
#include "client/c/guard.h"
#include "client/c/options.h"
#include "client/c/received.h"

using namespace sluice;

struct sluice_simple_consumer {
  sluice_simple_consumer(Client& client, SimpleConsumerOptions options)
      : consumer(client, std::move(options)) {}
  SimpleConsumer consumer;
};
struct sluice_lease {
  Lease lease;
  sluice_received received;
};
struct sluice_leases {
  std::vector<sluice_lease> all;
};

int sluice_simple_consumer_new(sluice_client* client, const sluice_options* options,
                               sluice_simple_consumer** consumer) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(client && options && consumer, "client, options and consumer");
        !there) {
      return there;
    }
    auto made = std::make_unique<sluice_simple_consumer>(client->client, options->simple);
    if (auto status = made->consumer.status(); !status) return status;
    *consumer = made.release();
    return {};
  });
}

void sluice_simple_consumer_free(sluice_simple_consumer* consumer) { delete consumer; }

int sluice_receive(sluice_simple_consumer* consumer, int32_t max_messages, int64_t wait_ms,
                   sluice_leases** leases) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(leases != nullptr, "leases"); !there) return there;
    auto received = consumer->consumer.receive(
        {.max_messages = max_messages, .wait = std::chrono::milliseconds(wait_ms)});
    if (!received) return received.error();
    auto made = std::make_unique<sluice_leases>();
    for (const Lease& lease : *received) made->all.push_back({lease, {lease.message()}});
    *leases = made.release();
    return {};
  });
}

size_t sluice_leases_count(const sluice_leases* leases) { return leases->all.size(); }
const sluice_lease* sluice_leases_at(const sluice_leases* leases, size_t index) {
  return index < leases->all.size() ? &leases->all[index] : nullptr;
}
void sluice_leases_free(sluice_leases* leases) { delete leases; }

const sluice_received* sluice_lease_message(const sluice_lease* lease) { return &lease->received; }

int sluice_ack(sluice_simple_consumer* consumer, const sluice_lease* lease) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(lease != nullptr, "lease"); !there) return there;
    return consumer->consumer.ack(lease->lease);
  });
}

int sluice_change_invisible(sluice_simple_consumer* consumer, const sluice_lease* lease,
                            int64_t invisible_ms) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(lease != nullptr, "lease"); !there) return there;
    return consumer->consumer.change_invisible_time(lease->lease,
                                                    std::chrono::milliseconds(invisible_ms));
  });
}
