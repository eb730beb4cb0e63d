#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/reactor.h"

namespace sluice::client {

/// Where an address server tells the name servers: `http://host[:port]/path`.
struct AddressServer {
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";
};
/// Errors: invalid_argument that shows what is expected.
Result<AddressServer> parse_address_server(std::string_view url);

/// Asks the server once, by HTTP/1.0. `done` gets the text it gives, without blanks around it, or
/// the error (closed, timed_out, malformed, not_found); on the reactor's thread, once.
void ask_address_server(net::Reactor& reactor, const AddressServer& server, milliseconds timeout,
                        std::move_only_function<void(Result<std::string>)> done);

}  // namespace sluice::client
