#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "client/test_server.h"
#include "wire/record/properties.h"

/// For tests only: the messages of one topic, kept in memory.
namespace sluice::client {

/// One thread.
class TestLog {
 public:
  explicit TestLog(std::string topic) : topic_(std::move(topic)) {}

  void add(int queue, const std::string& body, const std::string& tag) {
    queues_[queue].push_back({body, tag});
  }
  std::int64_t size(int queue) const {
    const auto found = queues_.find(queue);
    return found == queues_.end() ? 0 : static_cast<std::int64_t>(found->second.size());
  }
  /// The records from `at` on, which moves behind them; empty when there are none.
  std::string read(int queue, std::int64_t& at, std::int64_t most) {
    std::string records;
    for (int i = 0; i < most && at < size(queue); ++i) records += record(queue, at++);
    if (!records.empty()) given_[queue] = std::max(given_[queue], at);
    return records;
  }
  /// How far the queue has been read.
  std::int64_t given(int queue) const {
    const auto found = given_.find(queue);
    return found == given_.end() ? 0 : found->second;
  }

 private:
  struct Kept {
    std::string body, tag;
  };

  std::string record(int queue, std::int64_t offset) const {
    const Kept& kept = queues_.at(queue).at(static_cast<std::size_t>(offset));
    std::string properties;
    wire::record::append_property(properties, "UNIQ_KEY", "id-" + kept.body);
    if (!kept.tag.empty()) wire::record::append_property(properties, "TAGS", kept.tag);
    const wire::record::Message message{.topic = topic_,
                                        .queue = QueueId(queue),
                                        .body = as_bytes(kept.body),
                                        .properties = properties};
    return record_text(message, {.offset = QueueOffset(offset), .store_ms = 5});
  }

  const std::string topic_;
  std::map<int, std::vector<Kept>> queues_;
  std::map<int, std::int64_t> given_;
};

}  // namespace sluice::client
