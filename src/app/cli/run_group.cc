#include "app/cli/run_group.h"

#include <fmt/format.h>

#include "client/group_admin.h"

namespace sluice::app {

RunGroup::RunGroup(const ConnectOptions& connect, std::string& group, std::uint64_t run)
    : connect_(connect), group_(group), ours_(group.empty()) {
  if (ours_) group = fmt::format("sluice_bench_{:x}", run);
}

RunGroup::~RunGroup() {
  if (!ours_) return;
  if (auto session = ClientSession::open(connect_)) {
    static_cast<void>(client::GroupAdmin((*session)->cluster()).remove(group_));
  }
}

}  // namespace sluice::app
