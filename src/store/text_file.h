#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "store/disk.h"

/// The small text files beside the log (config/*.json), written so that a crash at any moment
/// leaves the old or the new content: the new text goes to `<path>.tmp` and is synced, the current
/// file becomes
/// `<path>.bak`, the new one takes its name, the folder is synced.
namespace sluice::store {

Result<void> write_text_file(Disk& disk, const std::string& path, std::string_view text);

/// The content, or nothing when neither the file nor its .bak exists. `accept` says whether a
/// content can be used; when the file's cannot, the .bak's is tried, as Apache's ConfigManager
/// does, and the file is kept as .damaged. Errors: corrupt when there is content but none is
/// accepted.
Result<std::optional<std::string>> read_text_file(Disk& disk, const std::string& path,
                                                  bool (*accept)(std::string_view));

}  // namespace sluice::store
