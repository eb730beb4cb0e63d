#include "naming/values.h"

#include <fmt/format.h>

namespace sluice::naming {

std::string BrokerAddress::seen_from(std::string_view local_host) const {
  if (!is_same_host()) return text_;
  const bool v6 = local_host.find(':') != std::string_view::npos && !local_host.starts_with('[');
  return v6 ? fmt::format("[{}]:{}", local_host, port_) : fmt::format("{}:{}", local_host, port_);
}

}  // namespace sluice::naming
