#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "store/disk.h"

namespace sluice::store {

/// One file of the log. It is written through the file and read through a mapping, so a full disk
/// is an error of the write and never a signal. Lives as long as a reader's slice does, also after
/// its file is removed.
class Segment {
 public:
  Segment(std::int64_t base, std::unique_ptr<File> file, std::unique_ptr<Mapping> mapping)
      : base_(base), file_(std::move(file)), mapping_(std::move(mapping)) {}

  std::int64_t base() const { return base_; }
  std::int64_t end() const { return base_ + static_cast<std::int64_t>(bytes().size()); }
  Bytes bytes() const { return mapping_->bytes(); }
  /// From `position`, which lies in the segment, to the segment's end.
  Bytes from(std::int64_t position) const {
    return bytes().subspan(static_cast<std::size_t>(position - base_));
  }
  File& file() { return *file_; }
  const Mapping& mapping() const { return *mapping_; }
  const File& file() const { return *file_; }
  bool in_memory(std::int64_t position, std::int64_t size) const {
    return mapping_->in_memory(position - base_, size);
  }

 private:
  std::int64_t base_;
  std::unique_ptr<File> file_;
  std::unique_ptr<Mapping> mapping_;
};

/// The files of the log: adjacent segments of one size, oldest first. find() and the numbers: any
/// thread. Everything that changes the set: one thread at a time.
class SegmentSet {
 public:
  SegmentSet(Disk& disk, std::string folder, std::int64_t segment_bytes)
      : disk_(disk), folder_(std::move(folder)), segment_bytes_(segment_bytes) {}

  /// Opens what is in the folder. Errors: corrupt when a file has another size or one is missing
  /// between two others. An empty last file is a creation that a crash cut short: it is made again.
  Result<void> load();

  std::int64_t segment_bytes() const { return segment_bytes_; }
  std::int64_t base_of(std::int64_t position) const {
    return position / segment_bytes_ * segment_bytes_;
  }
  std::string path_of(std::int64_t position) const;

  /// Where the log's first and one past its last file lie; equal when there is none.
  std::int64_t first() const { return first_.load(std::memory_order_acquire); }
  std::int64_t last_end() const;

  /// The segment that holds `position`, or null.
  std::shared_ptr<Segment> find(std::int64_t position) const;
  /// The same, made when it is the next one. The new file's name is durable on return.
  Result<std::shared_ptr<Segment>> find_or_create(std::int64_t position);

  /// Everything from `position` on reads as zeros; later files are removed. Only before anybody
  /// reads.
  Result<void> cut(std::int64_t position);
  /// Removes the oldest file. Its memory stays for those who hold slices of it.
  Result<void> drop_first();
  /// Makes durable which files there are.
  Result<void> sync_names() { return disk_.sync_folder(folder_); }
  /// Puts the bytes of [from, to) into the files once more, as they read. After a failed sync the
  /// kernel may show what the disk does not have, and take it for clean: no later sync would write
  /// it.
  Result<void> write_again(std::int64_t from, std::int64_t to);
  /// Makes [from, to) durable.
  Result<void> sync(std::int64_t from, std::int64_t to);

 private:
  Result<std::shared_ptr<Segment>> open(std::int64_t base, Disk::Open mode);
  void add(std::shared_ptr<Segment> segment);

  Disk& disk_;
  std::string folder_;
  std::int64_t segment_bytes_;
  std::mutex creation_;              ///< one creation at a time; held while the disk works
  mutable std::shared_mutex mutex_;  ///< guards segments_
  std::vector<std::shared_ptr<Segment>> segments_;
  std::atomic<std::int64_t> first_{0};
};

}  // namespace sluice::store
