#pragma once

#include "net/address.h"

namespace sluice::app {

/// The address of this machine that others most likely reach: the first IPv4 address of an
/// interface that is up and not loopback, else 127.0.0.1. Goes into message ids only; routes name
/// the address a client has used itself.
net::Address primary_address();

}  // namespace sluice::app
