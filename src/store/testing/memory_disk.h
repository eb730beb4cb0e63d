#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "store/disk.h"

/// A disk in memory that can be made to fail, fill up, or lose what was not synced: the double for
/// tests and the simulation. Thread-safe.
///
/// It keeps two pictures: what a process sees, and what a power cut leaves. Data moves to the
/// second by File::sync, names by Disk::sync_folder; folders themselves are always kept. A failed
/// sync leaves what it should have kept visible but never makes it durable, as a kernel does that
/// marks the pages clean: trying again helps nobody.
namespace sluice::store::testing {

template <class Node>
class MemoryNames;

class MemoryDisk final : public Disk {
 public:
  MemoryDisk();
  ~MemoryDisk() override;

  Result<std::unique_ptr<File>> open(const std::string& path, Open mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<void> make_folder(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_folder(const std::string& path) override;
  Result<void> sync_all(const std::string& folder) override;
  bool exists(const std::string& path) override;
  Result<std::unique_ptr<File>> lock(const std::string& path) override;
  Result<Space> space(const std::string& path) override;

  /// Operations that change something (write, resize, syncs, create, rename, remove) so
  /// far.
  std::int64_t changes() const;
  /// The change number `at` (counted from 0 as changes() does) and all after it fail; a write that
  /// meets it is done by half. As if the process died there.
  void fail_from(std::int64_t at);
  /// The same, as the process dies so many changes after the next file has taken the place of one
  /// whose path ends so.
  void fail_after_rename(std::string_view end_of_path, std::int64_t more);
  /// Whether a change has met fail_from(): the process is as good as dead.
  bool stopped() const;
  /// Only change number `at` fails, with `why` (a sync never says disk_full).
  void fail_once(std::int64_t at, Errc why = Errc::io_error);
  /// Writes take at most `bytes` more, then fail with disk_full; nothing: no limit.
  void set_room(std::optional<std::int64_t> bytes);

  /// The process is gone: no more failures, locks are free, every write stays.
  void kill();
  /// Also loses what was not synced; with `keep`, each unsynced piece of 64 bytes survives by
  /// chance, and of the unsynced changes of names the first ones, as a journal keeps them.
  void cut_power(std::mt19937_64* keep = nullptr);

  /// Paths of all files, sorted.
  std::vector<std::string> files() const;
  /// Changes one byte, for tests of damage. Nothing when the file is shorter.
  void flip_byte(const std::string& path, std::int64_t at);
  /// Nothing is in memory from now on: who may not wait for the disk reads nothing.
  void set_cold(bool cold) { cold_ = cold; }
  bool is_cold() const { return cold_; }

 private:
  friend class MemoryFile;
  struct Node;
  using Names = MemoryNames<Node>;
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  enum class Fate : std::uint8_t { passes, fails };
  /// A name that changed since its folder was last synced: made (`node`), moved or gone.
  struct NameChange {
    std::string from, to;
    std::shared_ptr<Node> node;
  };
  Fate next_change();
  void replay(const NameChange& change);
  static Node left_of(const Node& node, std::mt19937_64* keep, std::size_t lost);
  std::unexpected<Error> injected(std::string_view what, const std::string& path) const;
  std::unique_ptr<File> handle(const std::string& path, std::shared_ptr<Node> node);

  mutable std::mutex mutex_;
  const std::unique_ptr<Names> names_, durable_names_;
  std::vector<NameChange> unsynced_names_;  // oldest first
  std::set<std::string> folders_;
  std::int64_t changes_ = 0;
  std::int64_t fail_from_ = kNever;
  std::int64_t fail_once_ = -1;
  std::optional<std::int64_t> after_rename_;
  std::string renamed_;  ///< how the path ends that after_rename_ waits for
  Errc once_why_ = Errc::io_error;
  bool stopped_ = false;
  std::optional<std::int64_t> room_;
  std::atomic<bool> cold_{false};
};

}  // namespace sluice::store::testing
