#include "wire/remoting/bodies/topic_table.h"

#include <array>

#include <fmt/format.h>

#include "base/numbers.h"
#include "wire/zlib.h"

namespace sluice::wire::remoting {
namespace {

constexpr std::size_t kRegisterBytesMax = 64 << 20;

std::map<std::string, std::string> read_attributes(const json::Value& value) {
  std::map<std::string, std::string> out;
  for (const auto& [key, text] : value.items()) {
    if (text.is_string()) out[key] = text.get<std::string>();
  }
  return out;
}

/// Takes the next word of `line`; the rest stays.
std::string_view next_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

/// `name read write perm filterType attributes`, as TopicConfig.encode() writes it.
Result<TopicConfig> parse_topic_line(std::string_view line) {
  TopicConfig out;
  out.name = next_word(line);
  const auto read = parse_number<std::int32_t>(next_word(line));
  const auto write = parse_number<std::int32_t>(next_word(line));
  const auto perm = parse_number<std::int32_t>(next_word(line));
  if (out.name.empty() || !read || !write || !perm) {
    return fail(Errc::malformed, "a topic line in REGISTER_BROKER that cannot be read");
  }
  out.read_queues = *read, out.write_queues = *write, out.perm = *perm;
  if (const std::string_view type = next_word(line); !type.empty()) out.filter_type = type;
  if (!line.empty()) {
    SLUICE_TRY(const json::Value attributes, json::parse(line));
    out.attributes = read_attributes(attributes);
  }
  return out;
}

Result<TopicTable> decode_compressed(Bytes body) {
  SLUICE_TRY(const Buffer plain, inflate(body, kRegisterBytesMax));
  ByteReader in(plain.bytes());
  const std::string_view version = in.take_text(in.take<std::uint32_t>());
  SLUICE_TRY(const json::Value version_json, json::parse(version));
  TopicTable out{.version = read_data_version(version_json), .topics = {}};
  for (auto count = in.take<std::int32_t>(); count > 0 && in.ok(); --count) {
    SLUICE_TRY(TopicConfig topic, parse_topic_line(in.take_text(in.take<std::uint32_t>())));
    out.topics.push_back(std::move(topic));
  }
  if (!in.ok()) return fail(Errc::malformed, "a REGISTER_BROKER body that ends too early");
  return out;
}

}  // namespace

TopicConfig read_topic_config(const json::Value& value) {
  const auto number = [&value](const char* key, std::int32_t fallback) {
    return static_cast<std::int32_t>(json::integer(value, key, fallback));
  };
  return {.name = json::text(value, "topicName"),
          .read_queues = number("readQueueNums", 16),
          .write_queues = number("writeQueueNums", 16),
          .perm = number("perm", 6),
          .filter_type = json::text(value, "topicFilterType", "SINGLE_TAG"),
          .sys_flag = number("topicSysFlag", 0),
          .order = json::boolean(value, "order"),
          .attributes = read_attributes(json::object(value, "attributes"))};
}

void write(json::Writer& out, const TopicConfig& config) {
  out.begin_object().key("attributes").begin_object();
  for (const auto& [key, value] : config.attributes) out.member(key, value);
  out.end()
      .member("order", config.order)
      .member("perm", config.perm)
      .member("readQueueNums", config.read_queues)
      .member("topicFilterType", config.filter_type)
      .member("topicName", config.name)
      .member("topicSysFlag", config.sys_flag)
      .member("writeQueueNums", config.write_queues)
      .end();
}

TopicTable read_topic_table(const json::Value& value) {
  TopicTable out{.version = read_data_version(json::object(value, "dataVersion")), .topics = {}};
  for (const json::Value& topic : json::object(value, "topicConfigTable")) {
    out.topics.push_back(read_topic_config(topic));
  }
  return out;
}

void write(json::Writer& out, const TopicTable& table) {
  out.begin_object().key("dataVersion");
  write(out, table.version);
  out.key("mappingDataVersion");
  write(out, DataVersion{});
  out.key("topicConfigTable").begin_object();
  for (const TopicConfig& topic : table.topics) {
    out.key(topic.name);
    write(out, topic);
  }
  out.end();
  out.key("topicQueueMappingDetailMap").begin_object().end();
  out.key("topicQueueMappingInfoMap").begin_object().end().end();
}

Result<TopicTable> decode_register_body(Bytes body, bool compressed) {
  if (compressed) return decode_compressed(body);
  if (body.empty()) return TopicTable{};
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  return read_topic_table(json::object(value, "topicConfigSerializeWrapper"));
}

void encode_register_body(Buffer& to, const TopicTable& table) {
  json::Writer out(to);
  out.begin_object().key("filterServerList").begin_array().end();
  out.key("topicConfigSerializeWrapper");
  write(out, table);
  out.end();
}

Result<std::vector<TopicConfig>> decode_topic_list(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  std::vector<TopicConfig> out;
  for (const json::Value& topic : json::array(value, "topicConfigList")) {
    out.push_back(read_topic_config(topic));
  }
  return out;
}

Result<std::map<std::string, std::string>> parse_attributes(std::string_view text) {
  std::map<std::string, std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t split = part.find('=');
    if (!part.starts_with(split != part.npos ? '+' : '-')) {
      return fail(Errc::malformed,
                  fmt::format("attribute '{}': expected +key=value or -key", part));
    }
    const std::string_view value = split == part.npos ? "" : part.substr(split + 1);
    if (!out.emplace(part.substr(0, split), value).second) {
      return fail(Errc::malformed, fmt::format("attribute '{}' is there twice", part));
    }
  }
  return out;
}

}  // namespace sluice::wire::remoting
