#include "store/key_index.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "base/log.h"
#include "base/numbers.h"
#include "store/text_file.h"

namespace sluice::store {
namespace {

constexpr std::string_view kHead = "sluice-keys 1\n";
constexpr std::size_t kNameDigits = 17;

std::string mark_path(const std::string& root) { return root + "/sluice.keys"; }

bool is_mark(std::string_view text) { return text.starts_with(kHead) && text.ends_with('\n'); }

/// How many of `keys` fit into `room` without dividing a record's.
std::size_t whole_records(std::span<const HashedKey> keys, std::int32_t room) {
  const auto limit = static_cast<std::size_t>(std::max(room, 0));
  if (keys.size() <= limit) return keys.size();
  std::size_t fit = limit;
  while (fit > 0 && keys[fit - 1].position == keys[fit].position) --fit;
  return fit;
}

}  // namespace

KeyIndex::Files KeyIndex::files() const {
  const std::lock_guard guard(mutex_);
  return files_;
}

KeyHeader KeyIndex::last() const {
  const Files all = files();
  return all.empty() ? KeyHeader{} : all.back()->header();
}

Result<KeyIndex::Mark> KeyIndex::read_mark() const {
  auto text = read_text_file(disk_, mark_path(root_), is_mark);
  if (!text && text.error().code() == Errc::corrupt) return Mark{};
  if (!text) return fail(std::move(text.error()));
  if (!*text) return Mark{};
  Mark mark;
  std::string_view rest = std::string_view(**text).substr(kHead.size());
  for (bool first = true; !rest.empty(); first = false) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (first) {
      mark.below = parse_number<std::int64_t>(line).value_or(0);
    } else {
      mark.names.emplace_back(line);
    }
  }
  return mark;
}

Result<std::vector<std::string>> KeyIndex::present() const {
  SLUICE_TRY(auto names, disk_.list(folder()));
  std::erase_if(names, [](const std::string& name) {
    return name.size() != kNameDigits || !parse_number<std::int64_t>(name);
  });
  return names;
}

/// Errors: corrupt.
Result<std::shared_ptr<KeyFile>> KeyIndex::open_trusted(const std::string& name,
                                                        const Found& found) const {
  SLUICE_TRY(auto file, KeyFile::open(disk_, folder(), name, shape_));
  const KeyHeader h = file->header();
  if (!found.whole && !found.ours && h.end_ms > found.apache_keys_ms) {
    return fail(Errc::corrupt, name + " was not written out before a crash");
  }
  if (!h.empty() && h.end >= found.log_end) {
    return fail(Errc::corrupt, name + " tells of records that the log does not have");
  }
  return file;
}

/// Files that lie before the log's beginning may be missing: the next one says that they do, when
/// there is anything in it. False: the rest could not be used.
Result<bool> KeyIndex::load_files(const Found& found, const Mark& mark) {
  Files loaded;
  std::string problem;
  auto expected = mark.names.begin();
  SLUICE_TRY(const auto names, present());
  for (const std::string& name : names) {
    auto file = open_trusted(name, found);
    if (!file && file.error().code() != Errc::corrupt) return fail(std::move(file.error()));
    if (!file) {
      problem = file.error().remark();
      break;
    }
    const KeyHeader h = (*file)->header();
    for (; expected != mark.names.end() && *expected < name; ++expected) {
      if (h.empty() || h.begin > found.log_begin) problem = *expected + " is missing";
    }
    if (!problem.empty()) break;
    if (expected != mark.names.end() && *expected == name) ++expected;
    loaded.push_back(std::move(*file));
  }
  if (problem.empty() && expected != mark.names.end()) problem = *expected + " is missing";
  for (std::size_t i = loaded.size(); i < names.size(); ++i) {
    SLUICE_CHECK(disk_.remove(folder() + '/' + names[i]));
  }
  if (!problem.empty()) {
    log::warn("key_index_rebuilt",
              {{"why", problem}, {"files_kept", loaded.size()}, {"of", names.size()}});
  }
  const std::lock_guard guard(mutex_);
  files_ = std::move(loaded);
  return problem.empty();
}

Result<KeyIndex::Progress> KeyIndex::load(const Found& found) {
  Mark mark;
  if (found.ours) {
    SLUICE_TRY(mark, read_mark());
  }
  SLUICE_TRY(const bool complete, load_files(found, mark));
  if (!complete || !found.ours) SLUICE_CHECK(forget_mark());
  const Files all = files();
  if (!found.whole && !all.empty()) SLUICE_CHECK(all.back()->repair());
  Progress progress{.below = complete ? mark.below : 0};
  flushed_below_ = complete ? mark.below : -1;
  for (const auto& file : all) {
    const KeyHeader h = file->header();
    if (h.empty()) continue;
    progress.last_record = h.end;
    flushed_ms_ = h.end_ms;
  }
  return progress;
}

Result<void> KeyIndex::clear() {
  {
    const std::lock_guard guard(mutex_);
    files_.clear();
  }
  SLUICE_TRY(const auto names, present());
  for (const std::string& name : names) SLUICE_CHECK(disk_.remove(folder() + '/' + name));
  return forget_mark();
}

/// Before a new file is made: a process that dies with some of them full would leave a mark that
/// says of other files that they have more of the log.
Result<void> KeyIndex::forget_mark() {
  flushed_below_ = -1;
  return disk_.exists(mark_path(root_)) ? write_mark(0) : Result<void>();
}

Result<void> KeyIndex::write_mark(std::int64_t below) const {
  std::string text = fmt::format("{}{}\n", kHead, below);
  for (const auto& file : files()) text += file->name() + '\n';
  return write_text_file(disk_, mark_path(root_), text);
}

/// By the clock, in local time as Apache has it, and always after `after`.
std::string KeyIndex::fresh_name(const std::string& after) const {
  const std::int64_t now = unix_ms(clock_.wall());
  const std::time_t seconds = now / 1000;
  std::tm t{};
  ::localtime_r(&seconds, &t);
  std::string name =
      fmt::format("{:04d}{:02d}{:02d}{:02d}{:02d}{:02d}{:03d}", t.tm_year + 1900, t.tm_mon + 1,
                  t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, now % 1000);
  if (name > after) return name;
  return fmt::format("{:017d}", parse_number<std::int64_t>(after).value_or(0) + 1);
}

/// A full file is durable before the next one begins.
Result<std::shared_ptr<KeyFile>> KeyIndex::next_file(const std::shared_ptr<KeyFile>& last) {
  if (last) SLUICE_CHECK(last->flush());
  SLUICE_CHECK(disk_.make_folder(folder()));
  SLUICE_TRY(auto file,
             KeyFile::create(disk_, folder(), fresh_name(last ? last->name() : ""), shape_));
  SLUICE_CHECK(disk_.sync_folder(root_));
  SLUICE_CHECK(disk_.sync_folder(folder()));
  const std::lock_guard guard(mutex_);
  files_.push_back(file);
  return file;
}

Result<void> KeyIndex::add(std::span<const HashedKey> keys) {
  while (!keys.empty()) {
    const Files all = files();
    std::shared_ptr<KeyFile> file = all.empty() ? nullptr : all.back();
    std::size_t count = file ? whole_records(keys, file->room()) : 0;
    if (count == 0) {
      SLUICE_TRY(file, next_file(file));
      count = whole_records(keys, file->room());
    }
    SLUICE_CHECK(file->add(keys.first(count)));
    keys = keys.subspan(count);
  }
  return {};
}

Result<void> KeyIndex::flush(std::int64_t below) {
  if (below == flushed_below_) return {};
  const Files all = files();
  if (!all.empty()) SLUICE_CHECK(all.back()->flush());
  SLUICE_CHECK(write_mark(below));
  flushed_below_ = below;
  if (const KeyHeader h = last(); !h.empty()) flushed_ms_ = h.end_ms;
  return {};
}

Result<void> KeyIndex::drop_below(std::int64_t position) {
  for (Files all = files(); all.size() > 1 && all.front()->header().end < position;) {
    SLUICE_CHECK(disk_.remove(folder() + '/' + all.front()->name()));
    all.erase(all.begin());
    const std::lock_guard guard(mutex_);
    files_ = all;
  }
  return {};
}

Result<bool> KeyIndex::find(std::int32_t hash, std::int64_t from_ms, std::int64_t to_ms,
                            std::int32_t limit,
                            const std::function<bool(std::int64_t)>& visit) const {
  const Files all = files();
  for (auto file = all.rbegin(); file != all.rend(); ++file) {
    const KeyHeader h = (*file)->header();
    if (h.empty() || h.begin_ms > to_ms || h.end_ms < from_ms) continue;
    SLUICE_TRY(std::int32_t number, (*file)->newest(hash));
    while (number > 0) {
      if (limit-- == 0) return false;
      SLUICE_TRY(const KeyEntry entry, (*file)->entry(number));
      const std::int64_t second = h.begin_ms + std::int64_t{entry.seconds} * 1000;
      if (second + 999 < from_ms) break;
      if (entry.hash == hash && second <= to_ms && !visit(entry.position)) return true;
      if (entry.previous >= number) break;  // damaged: chains lead to older entries only
      number = entry.previous;
    }
  }
  return true;
}

}  // namespace sluice::store
