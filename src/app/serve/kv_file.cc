#include "app/serve/kv_file.h"

#include "base/log.h"
#include "store/text_file.h"
#include "wire/json/reader.h"
#include "wire/json/writer.h"

namespace sluice::app {
namespace {

bool readable(std::string_view text) { return wire::json::parse(text).has_value(); }

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? "." : path.substr(0, slash);
}

Result<void> write_kv(store::Disk& disk, const std::string& path, const naming::KvConfig& kv) {
  Buffer text;
  wire::json::Writer out(text);
  out.begin_object().key("configTable").begin_object();
  for (const auto& [space, pairs] : kv.snapshot()) {
    out.key(space).begin_object();
    for (const auto& [key, value] : pairs) out.member(key, value);
    out.end();
  }
  out.end().end();
  SLUICE_CHECK(disk.make_folder(folder_of(path)));
  return store::write_text_file(disk, path, as_text(text.bytes()));
}

}  // namespace

Result<void> load_kv(store::Disk& disk, const std::string& path, naming::KvConfig& kv) {
  SLUICE_TRY(const auto text, store::read_text_file(disk, path, readable));
  if (!text) return {};
  SLUICE_TRY(const wire::json::Value value, wire::json::parse(*text));
  naming::KvConfig::Namespaces spaces;
  for (const auto& [space, pairs] : wire::json::object(value, "configTable").items()) {
    for (const auto& [key, entry] : pairs.items()) {
      if (entry.is_string()) spaces[space][key] = entry.get<std::string>();
    }
  }
  kv.restore(std::move(spaces));
  return {};
}

void save_kv(store::Disk& disk, const std::string& path, const naming::KvConfig& kv) {
  if (auto written = write_kv(disk, path, kv); !written) {
    log::error("kv_config_not_written", {{"path", path}, {"why", written.error().remark()}});
  }
}

}  // namespace sluice::app
