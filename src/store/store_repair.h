#pragma once

#include <string>
#include <vector>

#include "store/store_check.h"

namespace sluice::store {

/// What a repair did, as sentences; and where the copies of what it replaced are.
struct Repair {
  std::vector<std::string> done;
  std::string copies;  ///< a folder; empty when nothing had to be replaced
};

/// Mends what verify() found, so that both brokers go over it:
///  - damaged bytes of the log become a record that belongs to no queue,
///  - entries of the queues' indexes become what the log says, and blank where the message is lost.
/// Nothing that cannot be read is thrown away: the damaged bytes, the index files as they were and
/// files that did not fit are kept below `<root>/damaged/`. Done again it changes nothing. Errors:
/// io_error, disk_full; corrupt where damage is too small to be filled. `tags_code_of`: as in
/// StoreOptions.
Result<Repair> repair(OfflineStore& store, const StoreReport& found,
                      const TagsCodeFn& tags_code_of);

}  // namespace sluice::store
