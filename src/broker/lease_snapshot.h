#pragma once

#include <string>

#include "broker/leases.h"
#include "store/disk.h"
#include "store/message_store.h"

/// Leases over restarts: the snapshot in config/leases, and what the log says since.
///
/// The file: magic "SLUICEL1", how far the log's changes are in it (offset in kLeaseTopic) 8,
/// CRC-32 of the rest 4, then changes (lease_change.h). Changes that are in the file and in the
/// log, too, come to the same when they are applied again in the log's order.
namespace sluice::broker {

/// Before use. Without a file, everything the log still has. Errors: corrupt (the file and its .bak
/// are damaged, or a change in the log is), io_error.
Result<void> load_leases(store::MessageStore& store, store::Disk& disk, const std::string& path,
                         Leases& leases);
Result<void> write_leases(store::MessageStore& store, store::Disk& disk, const std::string& path,
                          const Leases& leases);

}  // namespace sluice::broker
