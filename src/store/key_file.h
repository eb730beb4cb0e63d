#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/disk.h"
#include "store/key_slots.h"

/// One file of the key index, in Apache's format (apache/rocketmq store/index/IndexFile.java), all
/// integers big-endian:
///
///   0                 header, 40 bytes: see KeyHeader
///   40                hash slots, 4 bytes each: number of the newest entry, 0 for none
///   40 + slots * 4    entries, 20 bytes each: hash, position in the log, seconds since the
///   header's
///                     begin_ms, number of the entry before it in the same slot. Entry 0 is unused.
///
/// Files have their full size from the start and are sparse. One thread adds and flushes; any
/// number of threads look up meanwhile.
namespace sluice::store {

struct KeyFileShape {
  std::int32_t slots = 5'000'000;     ///< maxHashSlotNum
  std::int32_t entries = 20'000'000;  ///< maxIndexNum; one less can be used
  std::int64_t bytes() const { return entry_at(entries); }
  std::int64_t slot_at(std::int32_t slot) const { return 40 + std::int64_t{slot} * 4; }
  std::int64_t entry_at(std::int32_t number) const {
    return slot_at(slots) + std::int64_t{number} * 20;
  }
};

/// In the order of the file.
struct KeyHeader {
  std::int64_t begin_ms = 0, end_ms = 0;  ///< store times of the first and the last record
  std::int64_t begin = 0, end = 0;        ///< their positions: where they start
  std::int32_t used_slots = 0;
  std::int32_t next = 1;  ///< number of the next entry

  bool empty() const { return next <= 1; }
  friend bool operator==(const KeyHeader&, const KeyHeader&) = default;
};

/// A key of a record, as it is added.
struct HashedKey {
  std::int32_t hash = 0;
  std::int64_t position = 0;
  std::int64_t store_ms = 0;
};

struct KeyEntry {
  std::int32_t hash = 0;
  std::int64_t position = 0;
  std::int32_t seconds = 0;
  std::int32_t previous = 0;
};

/// The hash of `topic#key`: Java's, made positive.
std::int32_t key_hash(std::string_view topic_and_key);

class KeyFile {
 public:
  KeyFile(std::string name, std::unique_ptr<File> file, KeyFileShape shape)
      : name_(std::move(name)),
        file_(std::move(file)),
        shape_(shape),
        slots_(*file_, shape.slot_at(0), shape.slots) {}

  /// A file that exists. Errors: corrupt when its size or header cannot be.
  static Result<std::shared_ptr<KeyFile>> open(Disk& disk, const std::string& folder,
                                               std::string name, KeyFileShape shape);
  static Result<std::shared_ptr<KeyFile>> create(Disk& disk, const std::string& folder,
                                                 std::string name, KeyFileShape shape);

  const std::string& name() const { return name_; }
  /// As it will be at the next flush.
  KeyHeader header() const;
  std::int32_t room() const { return shape_.entries - header().next; }

  /// Adds keys, not more than room(), in the order of the log. Lookups see them on return. After an
  /// error the file is to be opened again and repaired.
  Result<void> add(std::span<const HashedKey> keys);
  /// Makes what was added durable, and then the header that counts it.
  Result<void> flush();
  /// Takes entries that the header does not count out of the slots: after a crash between flushes.
  Result<void> repair();

  /// Number of the newest entry whose hash has the slot of `hash`; 0 for none.
  Result<std::int32_t> newest(std::int32_t hash) const;
  Result<KeyEntry> entry(std::int32_t number) const;

 private:
  Result<void> read_header();
  /// What a slot says, or 0 when that cannot be.
  std::int32_t sound(std::int32_t number) const;

  std::string name_;
  std::unique_ptr<File> file_;
  KeyFileShape shape_;
  KeySlots slots_;            ///< guarded by mutex_
  mutable std::mutex mutex_;  ///< guards header_, too
  KeyHeader header_;
};

}  // namespace sluice::store
