#pragma once

#include <string>

#include "naming/kv_config.h"
#include "store/disk.h"

namespace sluice::app {

/// The name server's KV configuration as a file, in Apache's layout:
/// `{"configTable":{namespace:{key:value}}}`.
/// Errors: corrupt, io_error.
Result<void> load_kv(store::Disk& disk, const std::string& path, naming::KvConfig& kv);

/// Failing to write is logged: the values stay in memory.
void save_kv(store::Disk& disk, const std::string& path, const naming::KvConfig& kv);

}  // namespace sluice::app
