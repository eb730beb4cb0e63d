#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/json/reader.h"
#include "wire/json/writer.h"

/// Values that several JSON bodies share. Source: apache/rocketmq remoting/protocol.
namespace sluice::wire::remoting {

/// A table's version: a change makes it newer.
struct DataVersion {
  std::int64_t state_version = 0;
  std::int64_t timestamp = 0;  ///< ms since the epoch
  std::int64_t counter = 0;
  friend bool operator==(const DataVersion&, const DataVersion&) = default;
};
DataVersion read_data_version(const json::Value& value);
void write(json::Writer& out, const DataVersion& version);

/// A queue as clients name it.
struct MessageQueue {
  std::string topic;
  std::string broker_name;
  std::int32_t queue_id = 0;
};
MessageQueue read_message_queue(const json::Value& value);
/// Keys in alphabetical order and no blanks: some clients split this text by hand.
void write(json::Writer& out, std::string_view topic, std::string_view broker_name,
           std::int32_t queue_id);

/// `{"<name>":["…"]}`
void write_text_list(json::Writer& out, std::string_view name,
                     const std::vector<std::string>& texts);

}  // namespace sluice::wire::remoting
