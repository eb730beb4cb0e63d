#include "net/socket_address.h"

#include <algorithm>

namespace sluice::net {

Address to_address(const boost::asio::ip::tcp::endpoint& endpoint) {
  Address out;
  out.port = endpoint.port();
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  out.v6 = address.is_v6();
  const auto copy = [&](const auto& bytes) {
    std::transform(bytes.begin(), bytes.end(), out.bytes.begin(),
                   [](unsigned char b) { return std::byte{b}; });
  };
  if (out.v6) {
    copy(address.to_v6().to_bytes());
  } else {
    copy(address.to_v4().to_bytes());
  }
  return out;
}

}  // namespace sluice::net
