#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::broker {

/// How members of a group fetch messages: each its own queues, or whatever is there (pop).
enum class RequestMode : std::uint8_t { pull, pop };

std::string_view request_mode_name(RequestMode mode);  ///< PULL, POP
std::optional<RequestMode> parse_request_mode(std::string_view name);

struct RequestModeSetting {
  RequestMode mode = RequestMode::pull;
  /// For pop: of how many members that follow in order a member reads the queues too; 0 and less:
  /// everybody reads all.
  std::int32_t pop_share_queues = -1;
  friend bool operator==(const RequestModeSetting&, const RequestModeSetting&) = default;
};

/// The request modes that administrators have set, by topic and group. Thread-safe.
class RequestModes {
 public:
  /// `fallback`: of groups and topics without a setting; retry topics are pulled always.
  explicit RequestModes(RequestModeSetting fallback = {}) : fallback_(fallback) {}

  RequestModeSetting find(std::string_view topic, std::string_view group) const;
  /// Errors: not_permitted (a retry topic), invalid_name (a name is empty).
  Result<void> put(std::string_view topic, std::string_view group, RequestModeSetting setting);
  void remove_topic(std::string_view topic);
  void remove_group(std::string_view group);

  struct Entry {
    std::string topic, group;
    RequestModeSetting setting;
  };
  /// Everything, sorted, for a snapshot. `version` steps with every change.
  std::vector<Entry> entries() const;
  std::uint64_t version() const;
  void restore(std::vector<Entry> entries);

 private:
  using Groups = std::map<std::string, RequestModeSetting, std::less<>>;
  const RequestModeSetting fallback_;
  mutable std::mutex mutex_;
  std::uint64_t version_ = 0;
  std::map<std::string, Groups, std::less<>> by_topic_;
};

}  // namespace sluice::broker
