#pragma once

#include <string>
#include <vector>

#include "broker/broker.h"
#include "wire/record/record.h"

namespace sluice::sim {

/// The records in slices of the log, whole and in order. Errors: corrupt.
inline Result<std::vector<wire::record::Decoded>> records_in(
    const std::vector<store::Slice>& slices) {
  std::vector<wire::record::Decoded> records;
  for (const store::Slice& slice : slices) {
    for (Bytes rest = slice.bytes; !rest.empty();) {
      auto found = wire::record::scan(rest, wire::record::CrcCheck::verify);
      if (found.kind != wire::record::Scan::Kind::record) {
        return fail(Errc::corrupt, "a reader was given what is no record: " +
                                       (found.problem.empty() ? "zeros" : found.problem));
      }
      rest = rest.subspan(static_cast<std::size_t>(found.record.size));
      records.push_back(std::move(found.record));
    }
  }
  return records;
}

/// One pull, as a consumer's.
inline Result<void> pull(broker::Broker& broker, const broker::PullQuery& query, WallTime now,
                         broker::PullResult& result) {
  SLUICE_TRY(const broker::PullPlan plan, broker.prepare_pull(query, now));
  return broker.read(plan, result);
}

}  // namespace sluice::sim
