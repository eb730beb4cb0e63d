#include "client/engine/identity.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include "net/address.h"

namespace sluice::client {

wire::record::Host local_host() {
  wire::record::Host host{.address = {std::byte{127}, {}, {}, std::byte{1}}};
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return host;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const bool up = (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_LOOPBACK) == 0;
    if (!up || entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    sockaddr_in found;
    std::memcpy(&found, entry->ifa_addr, sizeof found);
    std::memcpy(host.address.data(), &found.sin_addr, 4);
    return host;
  }
  return host;
}

std::string make_client_id(const std::string& instance) {
  static std::atomic<int> count{0};
  const std::string address = net::Address{.bytes = local_host().address}.host();
  if (!instance.empty()) return fmt::format("{}@{}", address, instance);
  const auto time = std::chrono::steady_clock::now().time_since_epoch().count();
  return fmt::format("{}@{}#{}{}", address, getpid(), time, count.fetch_add(1));
}

}  // namespace sluice::client
