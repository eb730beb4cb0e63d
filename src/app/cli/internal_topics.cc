#include "app/cli/internal_topics.h"

#include <algorithm>
#include <string>

namespace sluice::app {

bool is_internal(std::string_view topic, const client::ClusterInfo& info) {
  static constexpr std::string_view kPrefixes[] = {"%RETRY%",  "%DLQ%",    "%SYS%",
                                                   "RMQ_SYS_", "rmq_sys_", "%SYNC_BROKER_MEMBER_"};
  static constexpr std::string_view kNames[] = {"TBW102",
                                                "SCHEDULE_TOPIC_XXXX",
                                                "SELF_TEST_TOPIC",
                                                "BenchmarkTest",
                                                "OFFSET_MOVED_EVENT",
                                                "TRANS_CHECK_MAX_TIME_TOPIC",
                                                "DefaultHeartBeatSyncerTopic"};
  const auto starts = [&](std::string_view prefix) { return topic.starts_with(prefix); };
  if (std::ranges::any_of(kPrefixes, starts) || topic.ends_with("_REPLY_TOPIC")) return true;
  if (std::ranges::find(kNames, topic) != std::end(kNames)) return true;
  if (info.clusters.contains(std::string(topic))) return true;
  return std::ranges::find(info.brokers, topic, &client::BrokerData::broker_name) !=
         info.brokers.end();
}

}  // namespace sluice::app
