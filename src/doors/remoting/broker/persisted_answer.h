#pragma once

#include "doors/remoting/broker/call.h"

namespace sluice::doors {

/// Answers an administrator's change when topics and groups as they are now lie on the disk. A
/// thread that may wait writes them: with ten thousand topics that takes longer than others on this
/// reactor should wait. Errors: busy.
Result<void> ok_when_persisted(const BrokerCall& call);

}  // namespace sluice::doors
