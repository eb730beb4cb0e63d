#include <future>
#include <vector>

#include <boost/asio/use_future.hpp>
#include <sluice/simple_consumer.h>

#include "app/cli/consumed.h"

namespace sluice::app {
namespace {

constexpr int kMost = 32;  // what brokers give at once

/// All at once; waits for the answers. Errors: the first.
Result<void> acknowledge(SimpleConsumer& consumer, const SimpleConsumer::Leases& leases) {
  std::vector<std::future<Outcome<void>>> answers;
  answers.reserve(leases.size());
  for (const Lease& lease : leases) {
    answers.push_back(consumer.async_ack(lease, boost::asio::use_future));
  }
  Result<void> first;
  for (auto& answer : answers) {
    auto told = result_of(answer.get());
    if (first && !told) first = std::move(told);
  }
  return first;
}

}  // namespace

/// Message by message: each is acknowledged when it is written.
Result<void> consume_by_pop(const ConsumePlan& plan, StopSignals& stop) {
  const ConsumeOptions& options = plan.options;
  if (options.group.empty()) {
    return fail(Errc::invalid_argument, "--model pop shares messages in a group: name it with -g");
  }
  using Kind = StartPosition::Kind;
  if (plan.from.kind != Kind::first && plan.from.kind != Kind::last) {
    return fail(Errc::invalid_argument, "--model pop begins at --from first or --from last");
  }
  Client client(client_options(options.reach));
  SimpleConsumer consumer(client,
                          {.group = options.group,
                           .subscriptions = {subscription_of(options)},
                           .start = plan.from.kind == Kind::first ? StartAt::first : StartAt::last,
                           .fifo = plan.way == ConsumeWay::lease_in_order,
                           .invisible = std::chrono::seconds(options.invisible_seconds),
                           .renew = options.renew});
  SLUICE_CHECK(result_of(consumer.status()));
  Consumed consumed(plan);
  while (!stop.arrived() && !consumed.full() && !consumed.idle()) {
    const auto leases = consumer.receive({.max_messages = consumed.wanted(kMost), .wait = kLook});
    if (!leases) return fail(error_of(leases.error()));
    std::vector<ReceivedMessage> messages;
    for (const Lease& lease : *leases) messages.push_back(lease.message());
    if (messages.empty()) continue;
    SLUICE_CHECK(consumed.write(messages));
    SLUICE_CHECK(acknowledge(consumer, *leases));
  }
  return {};
}

}  // namespace sluice::app
