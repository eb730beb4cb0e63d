#pragma once

#include "doors/remoting/broker/call.h"

namespace sluice::doors {

/// A member pulls under a subscription that is newer than the one its heartbeats have named. Java's
/// clients raise the version while a heartbeat leaves, drop the heartbeat that was to tell of it,
/// and would be refused until the next one, up to 30 s later. Serving them by the old subscription
/// could lose messages; so the client is asked what it subscribes to, and its next try, a second
/// later, is served. One question at a time for each connection; clients that do not answer tell by
/// heartbeat.
void ask_subscriptions(BrokerCall& call, std::string_view group);

}  // namespace sluice::doors
