#include "net/address.h"

#include <arpa/inet.h>

#include "base/numbers.h"

namespace sluice::net {

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN];
  if (!inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text)) return "?";
  return v6 ? '[' + std::string(text) + ']' : std::string(text);
}

Result<Address> parse_address(std::string_view text) {
  const std::string host(text);
  Address address;
  if (inet_pton(AF_INET, host.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, host.c_str(), address.bytes.data()) == 1) return address;
  return fail(Errc::invalid_argument, "'" + host + "' is not an IP address, such as 10.0.0.1");
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto port = colon == std::string_view::npos
                        ? std::nullopt
                        : parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!port || *port == 0 || colon == 0) {
    return fail(Errc::invalid_argument,
                "'" + std::string(text) +
                    "' is not an address: expected host:port, such as 127.0.0.1:9876");
  }
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  return Endpoint{std::string(host), *port};
}

}  // namespace sluice::net
