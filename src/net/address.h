#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::net {

/// An IP address and port of a socket. IPv4-mapped IPv6 addresses are kept as IPv4.
struct Address {
  std::array<std::byte, 16> bytes{};  ///< the first 4 for IPv4
  bool v6 = false;
  std::uint16_t port = 0;

  /// `10.0.0.1`, or `[fe80::1]` for IPv6, as route answers and log lines want it.
  std::string host() const;
  /// host():port
  std::string text() const { return host() + ':' + std::to_string(port); }
  friend bool operator==(const Address&, const Address&) = default;
};

/// An IPv4 or IPv6 address without a port. Errors: invalid_argument.
Result<Address> parse_address(std::string_view text);

/// A host name or address with a port, not looked up yet.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

/// `host:port`, `[v6]:port`, or `v6:port` with the last colon before the port (RocketMQ's form).
/// Errors: invalid_argument that shows what was given and what is expected.
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace sluice::net
