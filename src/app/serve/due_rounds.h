#pragma once

#include "base/clock.h"
#include "broker/broker.h"
#include "doors/remoting/broker/door.h"

/// What is done when it falls due, round by round. Each gives how long to sleep until the next
/// round; one that fails (a full disk) is logged and tried again a second later.
namespace sluice::app {

/// Delivers delayed and timed messages; `door` wakes their readers.
milliseconds deliver_due(broker::Broker& broker, const Clock& clock, doors::BrokerDoor& door);

/// Asks producers about transactions they did not end, and gives up what nobody decides; `door`
/// wakes the readers of what is given up.
milliseconds check_transactions(broker::Broker& broker, const Clock& clock,
                                doors::BrokerDoor& door);

}  // namespace sluice::app
