#include "app/cli/message_format.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/text.h"

namespace sluice::app {
namespace {

using client::Received;

struct FieldRow {
  std::string_view name;
  std::string (*text)(const Received&);
};

constexpr FieldRow kFields[] = {
    {"topic", [](const Received& m) { return m.queue.topic; }},
    {"broker", [](const Received& m) { return m.queue.broker_name; }},
    {"queue", [](const Received& m) { return std::to_string(m.queue.queue_id); }},
    {"offset", [](const Received& m) { return std::to_string(m.offset); }},
    {"id", [](const Received& m) { return m.message_id; }},
    {"key", [](const Received& m) { return std::string(m.property("KEYS")); }},
    {"tag", [](const Received& m) { return std::string(m.property("TAGS")); }},
    {"time", [](const Received& m) { return time_text(m.store_ms); }},
    {"born", [](const Received& m) { return time_text(m.born_ms); }},
    {"size", [](const Received& m) { return std::to_string(m.body.size()); }},
    {"body", [](const Received& m) { return m.body; }},
};
constexpr std::string_view kProperty = "property:";

std::string as_json(const Received& m) {
  nlohmann::ordered_json out{
      {"topic", m.queue.topic},    {"broker", m.queue.broker_name},
      {"queue", m.queue.queue_id}, {"offset", m.offset},
      {"id", m.message_id},        {"key", m.property("KEYS")},
      {"tag", m.property("TAGS")}, {"born", m.born_ms},
      {"stored", m.store_ms},      {"properties", nlohmann::ordered_json::object()}};
  for (const auto& [name, value] : m.properties) out["properties"][name] = value;
  if (m.still_compressed) out["compressed"] = true;
  if (is_utf8(m.body)) {
    out["body"] = m.body;
  } else {
    out["bodyBase64"] = base64(m.body);
  }
  return json_text(out);
}

/// What a backslash and this letter stand for; the letter itself where that has no meaning.
char escaped(char letter) {
  switch (letter) {
    case 'n': return '\n';
    case 't': return '\t';
    case '0': return '\0';
    default: return letter;
  }
}

}  // namespace

std::string message_field_names() {
  std::string names;
  for (const FieldRow& row : kFields) names += fmt::format("{{{}}} ", row.name);
  return names + "{property:NAME}";
}

Result<MessageFormat> MessageFormat::parse(std::string_view text) {
  MessageFormat format;
  format.json_ = text == "json";
  if (format.json_) return format;
  if (text == "body") text = "{body}";
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char following = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\\' && following != '\0') {
      plain += escaped(following), ++i;
    } else if ((c == '{' || c == '}') && following == c) {
      plain += c, ++i;
    } else if (c == '{') {
      const std::size_t end = std::min(text.find('}', i), text.size());
      const std::string_view name = text.substr(i + 1, end - i - 1);
      const auto* row = std::ranges::find(kFields, name, &FieldRow::name);
      const bool property = name.starts_with(kProperty);
      if (end == text.size() || (row == std::end(kFields) && !property)) {
        return fail(Errc::invalid_argument,
                    fmt::format("--format: there is no field '{}'; fields: {}", name,
                                message_field_names()));
      }
      format.parts_.push_back(
          {.text = std::exchange(plain, {}),
           .field = property ? nullptr : row->text,
           .property = property ? std::string(name.substr(kProperty.size())) : std::string()});
      i = end;
    } else {
      plain += c;
    }
  }
  format.parts_.push_back({.text = plain + '\n'});
  return format;
}

std::string MessageFormat::write(const Received& message) const {
  if (json_) return as_json(message) + '\n';
  std::string out;
  for (const Part& part : parts_) {
    out += part.text;
    if (part.field != nullptr) out += part.field(message);
    if (!part.property.empty()) out += message.property(part.property);
  }
  return out;
}

}  // namespace sluice::app
