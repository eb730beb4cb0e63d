#include "client/producing/sending.h"

#include <algorithm>

namespace sluice::client {

Receipt receipt_of(const Outgoing& out, Stored stored) {
  return {.queue = std::move(stored.queue),
          .offset = stored.offset,
          .message_id = out.id,
          .offset_id = std::move(stored.offset_ids),
          .transaction_id = std::move(stored.transaction_id),
          .recall_handle = std::move(stored.recall_handle),
          .status = stored.status};
}

Stored nth(const Stored& batch, std::size_t i) {
  Stored one{.queue = batch.queue,
             .offset = batch.offset + static_cast<std::int64_t>(i),
             .offset_ids = {},
             .transaction_id = {},
             .recall_handle = {},
             .status = batch.status};
  std::string_view rest = batch.offset_ids;
  for (std::size_t skipped = 0; skipped < i && !rest.empty(); ++skipped) {
    rest.remove_prefix(std::min(rest.find(','), rest.size() - 1) + 1);
  }
  one.offset_ids = rest.substr(0, rest.find(','));
  return one;
}

std::vector<Receipt> receipts_of(const Outgoing& batch, const Stored& stored) {
  std::vector<Receipt> all;
  all.reserve(batch.batch_ids.size());
  for (std::size_t i = 0; i < batch.batch_ids.size(); ++i) {
    Stored one = nth(stored, i);
    all.push_back({.queue = std::move(one.queue),
                   .offset = one.offset,
                   .message_id = batch.batch_ids[i],
                   .offset_id = std::move(one.offset_ids),
                   .transaction_id = {},
                   .recall_handle = {},
                   .status = one.status});
  }
  return all;
}

}  // namespace sluice::client
