#include "base/settings.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/numbers.h"

namespace sluice {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Takes the part before the first `separator` off `rest`; all of it when there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// The word of `choices` ('|' between them) that `value` is in any case.
std::optional<std::string_view> find_choice(std::string_view choices, std::string_view value) {
  while (!choices.empty()) {
    const std::string_view word = take_until(choices, '|');
    if (same_word(word, value)) return word;
  }
  return std::nullopt;
}

/// Levenshtein's distance, without regard to case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> costs(b.size() + 1);
  std::iota(costs.begin(), costs.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = costs[0];
    costs[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
      diagonal = costs[j + 1];
      costs[j + 1] = std::min({replaced, costs[j] + 1, costs[j + 1] + 1});
    }
  }
  return costs.back();
}

/// The known key that is spelt most like `key`; one with an effect wins over one without.
std::string_view nearest_key(std::string_view key) {
  std::vector<std::string_view> known;
  for (const SettingRow& row : setting_rows()) known.push_back(row.name);
  known.insert(known.end(), keys_without_effect().begin(), keys_without_effect().end());
  return *std::ranges::min_element(known, {}, [&](auto name) { return edit_distance(key, name); });
}

constexpr std::size_t kLongestQuote = 200;  // what a message repeats of a key or value

std::unexpected<Error> wrong(std::string_view key, std::string_view value, std::string_view where,
                             std::string_view what) {
  return fail(Errc::invalid_argument, fmt::format("{} = {} ({}): {}", key.substr(0, kLongestQuote),
                                                  value.substr(0, kLongestQuote), where, what));
}

std::unexpected<Error> unknown_key(std::string_view key, std::string_view value,
                                   std::string_view where) {
  const std::string_view shown = key.substr(0, kLongestQuote);
  return wrong(key, value, where,
               fmt::format("there is no such key; did you mean {}?", nearest_key(shown)));
}

std::string expected_text(const SettingRow& row) {
  if (row.type == SettingType::integer) {
    return fmt::format("expected a whole number from {} to {}{}{}", row.min, row.max,
                       row.unit.empty() ? "" : " ", row.unit);
  }
  std::string_view rest = row.type == SettingType::boolean ? "true|false" : row.choices;
  std::string words = "expected ";
  while (!rest.empty()) {
    words += take_until(rest, '|');
    if (!rest.empty()) words += rest.contains('|') ? ", " : " or ";
  }
  return words;
}

std::optional<std::size_t> find_row(std::string_view key) {
  const auto rows = setting_rows();
  const auto found = std::ranges::find(rows, key, &SettingRow::name);
  if (found == rows.end()) return std::nullopt;
  return static_cast<std::size_t>(found - rows.begin());
}

std::size_t row_index(std::string_view key) {
  const std::optional<std::size_t> index = find_row(key);
  SLUICE_ASSERT(index.has_value());
  return *index;
}

}  // namespace

Settings::Settings() {
  for (const SettingRow& row : setting_rows()) {
    Result<Value> value = parse(row, row.default_value, "default");
    SLUICE_ASSERT(value.has_value());
    values_.push_back(std::move(*value));
  }
}

Result<Settings::Value> Settings::parse(const SettingRow& row, std::string_view value,
                                        std::string_view where) {
  if (row.type == SettingType::text) {
    // A line break would come back as another key out of as_properties().
    if (value.find_first_of("\r\n") == std::string_view::npos) return Value{std::string(value)};
    return wrong(row.name, value, where, "expected text of one line");
  }
  if (row.type == SettingType::integer) {
    const auto number = parse_number<std::int64_t>(value);
    if (number && *number >= row.min && *number <= row.max) {
      return Value{std::to_string(*number), *number};
    }
  } else {
    const bool is_boolean = row.type == SettingType::boolean;
    const auto word = find_choice(is_boolean ? "true|false" : row.choices, value);
    if (word) return Value{std::string(*word), is_boolean && *word == "true" ? 1 : 0};
  }
  return wrong(row.name, value, where, expected_text(row));
}

Result<void> Settings::set(std::string_view key, std::string_view value, std::string_view where) {
  key = trimmed(key);
  value = trimmed(value);
  if (const auto index = find_row(key)) {
    SLUICE_TRY(values_[*index], parse(setting_rows()[*index], value, where));
    return {};
  }
  const auto ignored = keys_without_effect();
  if (std::ranges::find(ignored, key) == ignored.end()) return unknown_key(key, value, where);
  warnings_.push_back(fmt::format("{} = {} ({}): this key of Apache's broker has no effect here",
                                  key, value.substr(0, kLongestQuote), where));
  return {};
}

Result<void> Settings::read_text(std::string_view text, std::string_view file_name) {
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = trimmed(take_until(text, '\n'));
    if (line.empty() || line.starts_with('#') || line.starts_with('!')) continue;
    const std::string where = fmt::format("{}:{}", file_name, number);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      return fail(Errc::invalid_argument,
                  fmt::format("{} ({}): expected key=value", line.substr(0, kLongestQuote), where));
    }
    SLUICE_CHECK(set(line.substr(0, equals), line.substr(equals + 1), where));
  }
  return {};
}

const std::string& Settings::text(std::string_view key) const {
  return values_[row_index(key)].text;
}

std::int64_t Settings::integer(std::string_view key) const {
  const std::size_t index = row_index(key);
  SLUICE_ASSERT(setting_rows()[index].type == SettingType::integer);
  return values_[index].number;
}

bool Settings::boolean(std::string_view key) const {
  const std::size_t index = row_index(key);
  SLUICE_ASSERT(setting_rows()[index].type == SettingType::boolean);
  return values_[index].number != 0;
}

bool Settings::is_default(std::string_view key) const {
  const std::size_t index = row_index(key);
  return values_[index].text == setting_rows()[index].default_value;
}

std::string Settings::as_properties() const {
  std::string lines;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    fmt::format_to(std::back_inserter(lines), "{}={}\n", setting_rows()[i].name, values_[i].text);
  }
  return lines;
}

}  // namespace sluice
