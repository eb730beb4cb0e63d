#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "delivery/sql/filter.h"

namespace sluice::delivery {

inline constexpr std::string_view kTagFilter = "TAG";
inline constexpr std::string_view kSqlFilter = "SQL92";

/// Which messages of a topic a consumer wants. Immutable once shared. Kept per member of a group,
/// never merged over the group: two members that differ must not make each other lose messages.
struct Subscription {
  std::string topic;
  std::string expression = "*";  ///< as the client wrote it
  std::string type = "TAG";
  std::int64_t version = 0;         ///< the client's clock when it subscribed; larger is newer
  std::vector<std::string> tags;    ///< empty: all messages
  std::vector<std::int32_t> codes;  ///< sorted hashes of tags
  /// Of type SQL92: asks the message's properties instead of its tag.
  std::shared_ptr<const sql::Filter> filter;

  bool wants_all() const { return codes.empty() && !filter; }
  /// By the hash in the queue index, when there is no filter: false is certain, true may be a
  /// collision (clients check the text).
  bool matches(std::int64_t tags_code) const;
};

/// Whether that is a subscription to everything, as most are.
bool wants_all(std::string_view expression, std::string_view type);

/// Type TAG (or none): `a || b` with blanks around tags ignored; empty or `*` is everything. Type
/// SQL92: see sql/filter.h. Errors: subscription_malformed (an expression of separators only, wrong
/// SQL), unsupported (another type).
Result<Subscription> parse_subscription(std::string_view topic, std::string_view expression,
                                        std::string_view type, std::int64_t version);

}  // namespace sluice::delivery
