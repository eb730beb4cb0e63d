#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::delivery {

/// Which messages of a topic a consumer wants. Immutable once shared. Kept per member of a group,
/// never merged over the group: two members that differ must not make each other lose messages.
struct Subscription {
  std::string topic;
  std::string expression = "*";  ///< as the client wrote it
  std::string type = "TAG";
  std::int64_t version = 0;         ///< the client's clock when it subscribed; larger is newer
  std::vector<std::string> tags;    ///< empty: all messages
  std::vector<std::int32_t> codes;  ///< sorted hashes of tags

  bool wants_all() const { return codes.empty(); }
  /// By the hash in the queue index: false is certain, true may be a collision (clients check the
  /// text).
  bool matches(std::int64_t tags_code) const;
};

/// `a || b` with blanks around tags ignored; empty or `*` is everything.
/// Errors: subscription_malformed (an expression of separators only), unsupported (a type other
/// than TAG).
Result<Subscription> parse_subscription(std::string_view topic, std::string_view expression,
                                        std::string_view type, std::int64_t version);

}  // namespace sluice::delivery
