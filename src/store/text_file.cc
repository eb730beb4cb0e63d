#include "store/text_file.h"

#include <fmt/format.h>

namespace sluice::store {
namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::optional<std::string>> read_whole(Disk& disk, const std::string& path) {
  auto file = disk.open(path, Disk::Open::read);
  if (!file && file.error().code() == Errc::not_found) return std::nullopt;
  if (!file) return fail(std::move(file.error()));
  SLUICE_TRY(const std::int64_t size, (*file)->size());
  std::string text(static_cast<std::size_t>(size), '\0');
  SLUICE_TRY(const std::size_t got,
             (*file)->read(0, std::as_writable_bytes(std::span(text.data(), text.size()))));
  text.resize(got);
  return text;
}

}  // namespace

Result<void> write_text_file(Disk& disk, const std::string& path, std::string_view text) {
  const std::string fresh = path + ".tmp";
  {
    SLUICE_TRY(auto file, disk.open(fresh, Disk::Open::create));
    SLUICE_CHECK(file->resize(0));
    SLUICE_CHECK(file->write(0, as_bytes(text)));
    SLUICE_CHECK(file->sync());
  }
  if (disk.exists(path)) SLUICE_CHECK(disk.rename(path, path + ".bak"));
  SLUICE_CHECK(disk.rename(fresh, path));
  return disk.sync_folder(folder_of(path));
}

Result<std::optional<std::string>> read_text_file(Disk& disk, const std::string& path,
                                                  bool (*accept)(std::string_view)) {
  SLUICE_TRY(auto text, read_whole(disk, path));
  if (text && accept(*text)) return text;
  SLUICE_TRY(auto before, read_whole(disk, path + ".bak"));
  if (before && accept(*before)) {
    // Out of the way, or the next write would put it in the place of the good copy.
    if (text) SLUICE_CHECK(disk.rename(path, path + ".damaged"));
    return before;
  }
  if (!text && !before) return std::nullopt;
  return fail(Errc::corrupt,
              fmt::format("neither {0} nor {0}.bak can be understood; put back a good copy, or "
                          "remove both to start without",
                          path));
}

}  // namespace sluice::store
