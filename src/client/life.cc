#include "client/life.h"

#include "wire/remoting/requests/find.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;

Result<std::vector<std::string>> message_life(Cluster& cluster, const std::string& key,
                                              const std::string& topic) {
  SLUICE_TRY(const ClusterInfo info, cluster.info());
  std::vector<std::string> lives;
  for (const BrokerData& broker : info.brokers) {
    const auto master = broker.addresses.find(0);
    if (master == broker.addresses.end()) continue;
    const MessageLife request{.key = key, .topic = topic};
    SLUICE_TRY(const Answer answer,
               cluster.remoting().call(master->second, request, {}, cluster.timeout()));
    if (answer.command.code == kNotSupported) continue;
    if (auto ok = check(answer); !ok) {
      return fail(ok.error().code(), master->second + ": " + std::string(ok.error().remark()));
    }
    lives.emplace_back(as_text(answer.command.body));
  }
  if (!lives.empty()) return lives;
  return fail(Errc::unsupported,
              "no master broker tells the life of messages: Sluice's do, others do not; `sluice "
              "message get` and `sluice group describe` show what they know");
}

}  // namespace sluice::client
