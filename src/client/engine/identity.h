#pragma once

#include <string>

#include "wire/record/record.h"

/// How a client is called.
namespace sluice::client {

/// The first IPv4 address of this host that is no loopback, else 127.0.0.1. Port 0.
wire::record::Host local_host();

/// `address@instance`; an empty instance becomes `process#nanoseconds`, which no other client has.
std::string make_client_id(const std::string& instance);

}  // namespace sluice::client
