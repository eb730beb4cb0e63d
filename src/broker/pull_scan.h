#pragma once

#include <span>

#include "broker/pulling.h"

namespace sluice::broker {

/// One pull's way over the entries of its queue: looks at them from the plan's offset on and
/// collects the records that are wanted; neighbours in the log become one slice. One thread.
///
/// With Wait::no it serves from memory alone. With Wait::yes every record is taken by itself, from
/// the disk if need be, and checked.
class PullScan {
 public:
  PullScan(const store::MessageStore& store, const PullPlan& plan, Wait wait, Damaged damaged,
           PullResult& result)
      : store_(store), plan_(plan), wait_(wait), damaged_(damaged), result_(result) {}

  /// result.next ends behind the last entry looked at; the status becomes cold when the disk must
  /// be waited for before there is anything to answer. Errors: not_found (removed meanwhile),
  /// corrupt, io_error; never when there are messages before.
  Result<void> run();
  /// Damaged messages that were passed over.
  std::int64_t skipped() const { return skipped_; }

 private:
  Result<std::size_t> read_entries(std::span<store::IndexEntry> to);
  Result<void> take(std::span<const store::IndexEntry> entries);
  Result<void> take(const store::IndexEntry& entry);
  Result<void> check(const store::IndexEntry& entry) const;
  Result<bool> wants(const store::IndexEntry& entry);
  Result<void> add(const store::IndexEntry& entry);
  Result<void> add_checked(const store::IndexEntry& entry);
  void count(const store::IndexEntry& entry);
  void finish_run();
  void found_cold();
  bool was_removed(const store::IndexEntry& entry) const;
  Result<void> pass_over(const store::IndexEntry& entry, Error why);
  bool fits(const store::IndexEntry& entry) const;

  const store::MessageStore& store_;
  const PullPlan& plan_;
  const Wait wait_;
  const Damaged damaged_;
  PullResult& result_;
  bool done_ = false;
  bool dense_ = false;  ///< the messages lie so close that what is between them may be read too
  std::int64_t skipped_ = 0;
  LogPosition run_;  ///< neighbours that are counted already and not read yet (Wait::no)
  QueueOffset run_from_;
  std::int64_t run_bytes_ = 0;
  std::int32_t run_messages_ = 0;
};

}  // namespace sluice::broker
