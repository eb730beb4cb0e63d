#include "broker/snapshot_json.h"

namespace sluice::broker::snapshot {
namespace {

bool bare_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-' || c == '+' || c == '.';
}

/// Where the string that opens at `from` ends: one past its closing quote.
std::size_t string_end(std::string_view text, std::size_t from) {
  for (std::size_t i = from + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

/// {0:1} becomes {"0":1}: a bare word that a colon follows is a key.
std::string quote_bare_keys(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    bool key = false;
    if (text[i] == '"') {
      end = string_end(text, i);
    } else if (bare_char(text[i])) {
      while (end < text.size() && bare_char(text[end])) ++end;
      const std::size_t next = text.find_first_not_of(" \t\r\n", end);
      key = next != std::string_view::npos && text[next] == ':';
    }
    if (key) out += '"';
    out += text.substr(i, end - i);
    if (key) out += '"';
    i = end;
  }
  return out;
}

}  // namespace

std::optional<Json> parse_object(std::string_view text) {
  Json value = Json::parse(quote_bare_keys(text), nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

std::string print(const Json& value) {
  return value.dump(1, '\t', false, Json::error_handler_t::replace);
}

Json to_json(const DataVersion& version) {
  return Json::object({{"counter", version.counter},
                       {"stateVersion", version.state_version},
                       {"timestamp", version.timestamp}});
}

DataVersion version_of(const Json& file) {
  DataVersion version;
  const auto found = file.find("dataVersion");
  if (found == file.end() || !found->is_object()) return version;
  take(*found, "counter", version.counter);
  take(*found, "stateVersion", version.state_version);
  take(*found, "timestamp", version.timestamp);
  return version;
}

}  // namespace sluice::broker::snapshot
