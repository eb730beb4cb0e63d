#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/result.h"
#include "wire/remoting/fields.h"

/// Which function handles which request code. One row per request; the row decodes the header, so
/// a handler sees typed fields only, and an error it returns becomes the protocol's answer.
namespace sluice::doors {

/// `Call` is what a handler is given beside its request; it has a member `command`.
template <class Call>
struct HandlerRow {
  std::int32_t code;
  std::string_view name;
  Result<void> (*handle)(Call& call);
};

template <class Call, class Request, Result<void> (*kHandle)(Call&, const Request&)>
constexpr HandlerRow<Call> handler_row() {
  return {Request::kCode, Request::kName, [](Call& call) -> Result<void> {
            SLUICE_TRY(const Request request,
                       wire::remoting::decode_request<Request>(call.command));
            return kHandle(call, request);
          }};
}

/// Rows of several subjects, sorted by code. Immutable after construction.
template <class Call>
class HandlerTable {
 public:
  using Row = HandlerRow<Call>;
  HandlerTable(std::initializer_list<std::span<const Row>> subjects) {
    for (const auto& rows : subjects) rows_.insert(rows_.end(), rows.begin(), rows.end());
    std::ranges::sort(rows_, {}, &Row::code);
    SLUICE_ASSERT(std::ranges::adjacent_find(rows_, {}, &Row::code) == rows_.end());
  }
  const Row* find(std::int32_t code) const {
    const auto at = std::ranges::lower_bound(rows_, code, {}, &Row::code);
    return at != rows_.end() && at->code == code ? &*at : nullptr;
  }
  std::span<const Row> rows() const { return rows_; }

 private:
  std::vector<Row> rows_;
};

}  // namespace sluice::doors
