#include "store/checkpoint.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/numbers.h"
#include "store/text_file.h"

namespace sluice::store {
namespace {

constexpr std::string_view kHead = "sluice-checkpoint 1\n";
constexpr std::int64_t kApacheBytes = 4096;
constexpr std::size_t kApacheTimesBytes = 24;

std::string own_path(const std::string& root) { return root + "/sluice.checkpoint"; }
std::string apache_path(const std::string& root) { return root + "/checkpoint"; }

std::string to_text(const Checkpoint& c) {
  return fmt::format("{}indexes_below {}\nflushed {}\nlog_ms {}\nindex_ms {}\nkeys_ms {}\n", kHead,
                     c.indexes_below, c.flushed, c.apache.log_ms, c.apache.index_ms,
                     c.apache.keys_ms);
}

bool take_line(std::string_view& text, std::string_view key, std::int64_t& value) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(key)) return false;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  line.remove_prefix(key.size());
  if (!line.starts_with(' ')) return false;
  value = parse_number<std::int64_t>(line.substr(1)).value_or(-1);
  return value >= 0;
}

std::optional<Checkpoint> from_text(std::string_view text) {
  if (!text.starts_with(kHead)) return std::nullopt;
  text.remove_prefix(kHead.size());
  Checkpoint c;
  const bool good = take_line(text, "indexes_below", c.indexes_below) &&
                    take_line(text, "flushed", c.flushed) &&
                    take_line(text, "log_ms", c.apache.log_ms) &&
                    take_line(text, "index_ms", c.apache.index_ms) &&
                    take_line(text, "keys_ms", c.apache.keys_ms) && text.empty();
  return good ? std::optional(c) : std::nullopt;
}

Result<void> write_apache_checkpoint(Disk& disk, const std::string& root,
                                     const ApacheCheckpoint& times) {
  SLUICE_TRY(auto file, disk.open(apache_path(root), Disk::Open::create));
  SLUICE_TRY(const std::int64_t size, file->size());
  if (size < kApacheBytes) SLUICE_CHECK(file->resize(kApacheBytes));
  std::array<std::byte, kApacheTimesBytes> raw;
  ByteWriter out(raw.data());
  out.put(times.log_ms);
  out.put(times.index_ms);
  out.put(times.keys_ms);
  SLUICE_CHECK(file->write(0, raw));
  return file->sync();
}

}  // namespace

Result<void> write_checkpoint(Disk& disk, const std::string& root, const Checkpoint& checkpoint) {
  // Ours first: when a crash lets only that one through, Apache's times are older than ours says,
  // as none of another broker are. The other way about, a kill between the two would make ours
  // void, and the start read, and write again, all since Apache's times.
  SLUICE_CHECK(write_text_file(disk, own_path(root), to_text(checkpoint)));
  return write_apache_checkpoint(disk, root, checkpoint.apache);
}

Result<ApacheCheckpoint> read_apache_checkpoint(Disk& disk, const std::string& root) {
  auto file = disk.open(apache_path(root), Disk::Open::read);
  if (!file && file.error().code() == Errc::not_found) return ApacheCheckpoint{};
  if (!file) return fail(std::move(file.error()));
  std::array<std::byte, kApacheTimesBytes> raw{};
  SLUICE_CHECK((*file)->read(0, raw));
  ByteReader in(raw);
  const auto time = [&in] { return std::max<std::int64_t>(in.take<std::int64_t>(), 0); };
  ApacheCheckpoint times;
  times.log_ms = time();
  times.index_ms = time();
  times.keys_ms = time();
  return times;
}

Result<void> keep_apache_checkpoint(Disk& disk, const std::string& root) {
  auto file = disk.open(apache_path(root), Disk::Open::write);
  if (!file && file.error().code() == Errc::not_found) return {};
  if (!file) return fail(std::move(file.error()));
  // Written once more: after a failed sync the kernel may take what it shows for clean.
  std::array<std::byte, kApacheTimesBytes> raw{};
  SLUICE_TRY(const std::size_t got, (*file)->read(0, raw));
  SLUICE_CHECK((*file)->write(0, Bytes(raw).first(got)));
  SLUICE_CHECK((*file)->sync());
  return disk.sync_folder(root);
}

Result<std::optional<Checkpoint>> read_checkpoint(Disk& disk, const std::string& root) {
  constexpr auto accept = [](std::string_view text) { return from_text(text).has_value(); };
  auto text = read_text_file(disk, own_path(root), accept);
  if (!text && text.error().code() == Errc::corrupt) {
    log::warn("checkpoint_ignored", {{"why", text.error().remark()}, {"effect", "a longer scan"}});
    return std::nullopt;
  }
  if (!text) return fail(std::move(text.error()));
  if (!*text) return std::nullopt;
  SLUICE_TRY(const ApacheCheckpoint times, read_apache_checkpoint(disk, root));
  auto checkpoint = from_text(**text);
  const ApacheCheckpoint& ours = checkpoint->apache;
  if (times.log_ms > ours.log_ms || times.index_ms > ours.index_ms) return std::nullopt;
  return checkpoint;
}

}  // namespace sluice::store
