#include "app/serve/local_address.h"

#include <cstring>
#include <memory>

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

namespace sluice::app {
namespace {

bool usable(const ifaddrs& entry) {
  const bool up = (entry.ifa_flags & IFF_UP) != 0 && (entry.ifa_flags & IFF_LOOPBACK) == 0;
  return up && entry.ifa_addr != nullptr && entry.ifa_addr->sa_family == AF_INET;
}

}  // namespace

net::Address primary_address() {
  net::Address address;
  address.bytes = {std::byte{127}, std::byte{0}, std::byte{0}, std::byte{1}};
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return address;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (!usable(*entry)) continue;
    sockaddr_in found;
    std::memcpy(&found, entry->ifa_addr, sizeof found);
    std::memcpy(address.bytes.data(), &found.sin_addr, 4);
    return address;
  }
  return address;
}

}  // namespace sluice::app
