#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Every configuration key of the program. One table (settings_table.cc) says what a key is;
/// reading, checking, printing and docs/CONFIG.md all come from it, so a new key is a new row.
namespace sluice {

enum class SettingType : std::uint8_t { text, integer, boolean, choice };

struct SettingRow {
  std::string_view name;
  SettingType type;
  bool apache;  ///< a key of Apache RocketMQ with its meaning; otherwise one of our own
  std::string_view default_value;
  std::string_view description;
  std::int64_t min = 0;  ///< integer: the smallest and largest allowed value
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::string_view unit{};     ///< integer: what it counts; empty for a plain number
  std::string_view choices{};  ///< choice: the allowed words, with '|' between them
};

/// The keys that have an effect, in the order in which they are printed.
std::span<const SettingRow> setting_rows();

/// Keys of Apache's broker that a broker.conf may hold and that mean nothing here. They are
/// accepted with a warning, so that an existing file can be used as it is.
std::span<const std::string_view> keys_without_effect();

/// The text of docs/CONFIG.md.
std::string config_markdown();

/// The value of every key: the defaults, and what files and the command line put over them. A later
/// value for a key wins. Filled by one thread at the start; safe to read from any thread after
/// that.
class Settings {
 public:
  Settings();

  /// Checks `value` (trimmed) and takes it over. Booleans and choices are taken in any case and
  /// kept in the table's. `where` tells a person where the value stands ("broker.conf:3"). An
  /// unknown key and a value that the key does not allow are Errc::invalid_argument; the remark
  /// says what is expected, and nothing is changed.
  Result<void> set(std::string_view key, std::string_view value, std::string_view where = "--set");

  /// Takes over `key=value` lines. Lines that are empty or start with '#' or '!' are skipped,
  /// blanks around keys and values do not count. Stops at the first wrong line, with those before
  /// it taken.
  Result<void> read_text(std::string_view text, std::string_view file_name);

  /// The value of a key. A key that is not in the table, or has another type, is a bug of the
  /// caller; text() takes every type and gives what a file would hold.
  const std::string& text(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  bool boolean(std::string_view key) const;

  /// Whether the key has the table's default, also when that was written out.
  bool is_default(std::string_view key) const;

  /// All keys as `key=value` lines; read_text() takes them back.
  std::string as_properties() const;

  /// What was accepted but has no effect, one sentence each, in the order met.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct Value {
    std::string text;
    std::int64_t number = 0;  ///< of an integer; 0 or 1 of a boolean
  };

  static Result<Value> parse(const SettingRow& row, std::string_view value, std::string_view where);

  std::vector<Value> values_;  ///< one per row of the table, in its order
  std::vector<std::string> warnings_;
};

}  // namespace sluice
