#pragma once

#include <utility>

#include <sluice/subscription.h>

#include "client/engine/names.h"

/// Consumers' words in the client's namespace: what comes from the program is wrapped where it
/// comes in, in the public classes; behind them every name is the broker's.
namespace sluice::client {

inline Subscription in_space(const Names& names, Subscription subscription) {
  subscription.topic = names.wrap(subscription.topic);
  return subscription;
}

/// Options of any consumer: its group, and the topics it wants.
template <class Options>
Options in_space(const Names& names, Options options) {
  options.group = names.wrap(options.group);
  for (Subscription& s : options.subscriptions) s.topic = names.wrap(s.topic);
  if constexpr (requires { options.filters; }) {
    for (Subscription& s : options.filters) s.topic = names.wrap(s.topic);
  }
  if constexpr (requires { options.sharing; }) {
    options.sharing.queues = names.wrap(std::move(options.sharing.queues));
  }
  return options;
}

}  // namespace sluice::client
