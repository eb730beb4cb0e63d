#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/disk.h"

namespace sluice::store {

/// Whose index it is.
struct IndexName {
  std::uint64_t serial = 0;  ///< never used twice in a process; the key of open files
  std::shared_ptr<const std::string> topic;
  QueueId id;
};

/// The files of all queue indexes, seen as one run of bytes per queue:
/// `consumequeue/<topic>/<id>/<first byte>`, files of one size, sparse. Keeps a bounded number of
/// them open, shared by all queues. Any thread. Source: apache/rocketmq store/ConsumeQueue.java.
class IndexFiles {
 public:
  IndexFiles(Disk& disk, std::string folder, std::int64_t file_bytes, std::size_t open_limit);

  std::int64_t file_bytes() const { return file_bytes_; }
  std::int64_t base_of(std::int64_t at) const { return at / file_bytes_ * file_bytes_; }
  const std::string& folder() const { return folder_; }

  /// First bytes of a queue's files, ascending.
  Result<std::vector<std::int64_t>> list(const IndexName& name);
  /// Fills `to` from byte `at`; stops early where a file is missing.
  Result<std::size_t> read(const IndexName& name, std::int64_t at, MutableBytes to);
  /// Whether all of `to` could be filled without waiting for the disk.
  Result<bool> read_now(const IndexName& name, std::int64_t at, MutableBytes to);
  /// Makes files as needed.
  Result<void> write(const IndexName& name, std::int64_t at, Bytes from);
  /// Everything from byte `at` on is gone.
  Result<void> cut(const IndexName& name, std::int64_t at);
  Result<void> remove_file(const IndexName& name, std::int64_t base);
  Result<void> remove_queue(const IndexName& name);
  Result<void> remove_topic(const std::string& topic);

  /// Whether sync() would take one call for the whole file system instead of a few for files.
  bool sync_is_large() const;
  /// Makes all writes and new names durable. On failure the rest stays unsynced.
  Result<void> sync();

 private:
  struct Key {
    std::uint64_t serial;
    std::int64_t base;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return static_cast<std::size_t>((key.serial * 0x9E3779B97F4A7C15u) ^
                                      static_cast<std::uint64_t>(key.base));
    }
  };
  struct OpenFile {
    Key key;
    std::shared_ptr<File> file;
  };

  void note_unsynced(const IndexName& name, std::int64_t base);
  void note_name_unsynced(const IndexName& name);  // the lock is held
  Result<void> sync_files();
  Result<void> sync_whole_disk();
  std::string folder_of(const IndexName& name) const;
  std::string path_of(const IndexName& name, std::int64_t base) const;
  Result<std::shared_ptr<File>> open(const IndexName& name, std::int64_t base, Disk::Open mode);
  Result<std::shared_ptr<File>> make(const IndexName& name, std::int64_t base);
  std::shared_ptr<File> cached(const Key& key);
  void keep(const Key& key, std::shared_ptr<File> file);
  void forget(const IndexName& name, std::int64_t from_base, std::int64_t to_base);

  Disk& disk_;
  std::string folder_;
  std::int64_t file_bytes_;
  std::size_t open_limit_;
  mutable std::mutex mutex_;  ///< guards what follows
  std::list<OpenFile> open_;  ///< most recently used first
  std::unordered_map<Key, std::list<OpenFile>::iterator, KeyHash> by_key_;
  /// Beyond kFewFiles no more are noted: then the whole file system is synced.
  std::set<std::string> unsynced_files_;
  bool many_unsynced_ = false;
  std::set<std::string> unsynced_folders_;
};

}  // namespace sluice::store
