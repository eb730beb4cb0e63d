#include <fstream>
#include <iterator>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/session.h"
#include "app/cli/table.h"
#include "app/cli/text.h"
#include "base/settings.h"

namespace sluice::app {
namespace {

using json = nlohmann::ordered_json;

struct ConfigOptions {
  std::string file;
  bool markdown = false, as_json = false, changed = false;
};

constexpr std::string_view type_name(SettingType type) {
  constexpr std::string_view kNames[] = {"text", "integer", "boolean", "choice"};
  return kNames[static_cast<std::size_t>(type)];
}

Result<void> read_file(Settings& settings, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return fail(Errc::not_found, fmt::format("cannot read {}", path));
  SLUICE_CHECK(settings.read_text(text, path));
  for (const std::string& warning : settings.warnings()) fmt::print(stderr, "{}\n", warning);
  return {};
}

json row_as_json(const SettingRow& row, const Settings& settings) {
  json out{{"key", row.name},
           {"value", settings.text(row.name)},
           {"default", row.default_value},
           {"type", type_name(row.type)},
           {"apache", row.apache},
           {"description", row.description}};
  if (row.type == SettingType::integer) {
    out["min"] = row.min;
    out["max"] = row.max;
    if (!row.unit.empty()) out["unit"] = row.unit;
  }
  if (row.type == SettingType::choice) out["choices"] = row.choices;
  return out;
}

Result<void> config(const ConfigOptions& options) {
  if (options.markdown) {
    fmt::print("{}", config_markdown());
    return {};
  }
  Settings settings;
  if (!options.file.empty()) SLUICE_CHECK(read_file(settings, options.file));
  Table table({{"KEY"}, {"VALUE"}, {"UNIT"}, {"MEANING"}});
  json rows = json::array();
  for (const SettingRow& row : setting_rows()) {
    if (options.changed && settings.is_default(row.name)) continue;
    rows.push_back(row_as_json(row, settings));
    table.row({std::string(row.name), settings.text(row.name), std::string(row.unit),
               std::string(row.description)});
  }
  fmt::print("{}", options.as_json ? json_text(rows) + '\n' : table.text());
  return {};
}

}  // namespace

void add_config_command(CLI::App& cli, int& exit_code) {
  auto options = std::make_shared<ConfigOptions>();
  CLI::App* verb = cli.add_subcommand("config", "Show every configuration key, or check a file");
  verb->add_option("-c,--file", options->file,
                   "Read this configuration file: shows its values and what is wrong with it");
  verb->add_flag("--changed", options->changed, "Only keys that do not have their default");
  auto* markdown = verb->add_flag("--markdown", options->markdown, "The text of docs/CONFIG.md");
  verb->add_flag("--json", options->as_json, "For scripts: an array of objects")
      ->excludes(markdown);
  verb->footer("Example: sluice config --file broker.conf --changed");
  verb->callback([options, &exit_code] { exit_code = exit_status(config(*options)); });
}

}  // namespace sluice::app
