#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/numbers.h"

/// Names of Apache's store files. Source: apache/rocketmq store/config/StorePathConfigHelper.java.
namespace sluice::store {

inline constexpr std::size_t kFileNameDigits = 20;

inline std::string log_folder(const std::string& root) { return root + "/commitlog"; }
inline std::string indexes_folder(const std::string& root) { return root + "/consumequeue"; }
inline std::string abort_path(const std::string& root) { return root + "/abort"; }
inline std::string lock_path(const std::string& root) { return root + "/lock"; }

/// Segments and index files are named by the position of their first byte.
inline std::string file_name(std::int64_t base) { return fmt::format("{:020d}", base); }

inline std::optional<std::int64_t> parse_file_name(std::string_view name) {
  if (name.size() != kFileNameDigits) return std::nullopt;
  return parse_number<std::int64_t>(name);
}

/// Whether a topic can name a folder; the broker lets no other topic be made.
inline bool is_folder_name(std::string_view topic) {
  return !topic.empty() && topic != "." && topic != ".." && topic.find('/') == topic.npos &&
         topic.find('\0') == topic.npos;
}

}  // namespace sluice::store
