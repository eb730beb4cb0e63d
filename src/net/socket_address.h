#pragma once

// Inside net only.

#include <boost/asio/ip/tcp.hpp>

#include "net/address.h"

/// Addresses of sockets as the other folders see them.
namespace sluice::net {

Address to_address(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace sluice::net
