#pragma once

#include <map>

#include "wire/remoting/bodies/common.h"

namespace sluice::wire::remoting {

/// Source: common/TopicConfig.java.
struct TopicConfig {
  std::string name;
  std::int32_t read_queues = 16, write_queues = 16;
  std::int32_t perm = 6;
  std::string filter_type = "SINGLE_TAG";
  std::int32_t sys_flag = 0;
  bool order = false;
  std::map<std::string, std::string> attributes;
};
TopicConfig read_topic_config(const json::Value& value);
void write(json::Writer& out, const TopicConfig& config);

/// All topics of a broker, as GET_ALL_TOPIC_CONFIG and REGISTER_BROKER carry them.
struct TopicTable {
  DataVersion version;
  std::vector<TopicConfig> topics;
};
TopicTable read_topic_table(const json::Value& value);
void write(json::Writer& out, const TopicTable& table);

/// The body of REGISTER_BROKER: JSON, or a zlib stream of counted parts.
/// Source: remoting/protocol/body/RegisterBrokerBody.java.
Result<TopicTable> decode_register_body(Bytes body, bool compressed);
void encode_register_body(Buffer& out, const TopicTable& table);

/// A topic list to be created (UPDATE_AND_CREATE_TOPIC_LIST).
Result<std::vector<TopicConfig>> decode_topic_list(Bytes body);

/// `+key=value,-key` as UPDATE_AND_CREATE_TOPIC carries it: values by key, with its sign.
/// Errors: malformed naming the part, also when it is there twice.
Result<std::map<std::string, std::string>> parse_attributes(std::string_view text);

}  // namespace sluice::wire::remoting
