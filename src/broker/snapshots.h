#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "broker/groups.h"
#include "broker/request_modes.h"
#include "broker/schedule.h"
#include "broker/topics.h"
#include "broker/transactions.h"
#include "delivery/progress.h"

/// Text of the files under config/, as Apache RocketMQ's broker writes and reads them, so that a
/// folder can change hands either way. Pure functions. Written is standard JSON; read is also what
/// fastjson writes, numbers as keys without quotes. Members that are absent keep their defaults;
/// unknown members are skipped. Errors: malformed, naming the file's kind and what is wrong.
namespace sluice::broker {

/// topics.json
struct TopicsSnapshot {
  std::vector<TopicConfig> configs;
  DataVersion version;
};
std::string topics_to_json(const std::vector<std::shared_ptr<const TopicConfig>>& configs,
                           const DataVersion& version);
Result<TopicsSnapshot> topics_from_json(std::string_view text);

/// subscriptionGroup.json
struct GroupsSnapshot {
  std::vector<GroupConfig> configs;
  DataVersion version;
};
std::string groups_to_json(const std::vector<std::shared_ptr<const GroupConfig>>& configs,
                           const DataVersion& version);
Result<GroupsSnapshot> groups_from_json(std::string_view text);

/// consumerOffset.json
struct ProgressSnapshot {
  std::vector<delivery::Progress::Entry> entries;
  /// How many of the changes in the log (progress_log.h) are in it; nothing: Apache wrote it, and
  /// the log says nothing newer.
  std::optional<std::int64_t> log_offset;
  DataVersion version;
};
std::string progress_to_json(const ProgressSnapshot& snapshot);
Result<ProgressSnapshot> progress_from_json(std::string_view text);

/// delayOffset.json
std::string schedule_to_json(const Schedule::Snapshot& snapshot);
Result<Schedule::Snapshot> schedule_from_json(std::string_view text);

/// transactionChecks.json: not one of Apache's, which counts in the half messages themselves
std::string checks_to_json(const Transactions::Checks& checks);
Result<Transactions::Checks> checks_from_json(std::string_view text);

/// messageRequestMode.json
std::string request_modes_to_json(const std::vector<RequestModes::Entry>& entries);
Result<std::vector<RequestModes::Entry>> request_modes_from_json(std::string_view text);

/// Whether the text is one whole JSON object: what store::read_text_file accepts.
bool readable_json(std::string_view text);

}  // namespace sluice::broker
