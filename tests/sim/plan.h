#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "chance.h"

namespace sluice::sim {

/// What one run is about: which promises, which clients, which faults. Drawn from the seed, so that
/// runs differ much: what all faults at once would hide, a run with two of them shows.
struct Plan {
  bool sync_flush = false;
  int queues = 1;  ///< of each topic
  int producers = 1, pullers = 1, poppers = 0, transactors = 0;
  bool delays = false, timed = false;
  bool hasty = false;  ///< consumers ask often, and are done at once with what they get
  bool retention = false;
  bool keeps = false;  ///< the first topic keeps its messages for ever, whatever the log drops
  std::int64_t segment_bytes = 8192, tail_bytes = 16384;
  std::int64_t index_entries = 10;  ///< in one file of a queue's index
  bool many_queues = false;         ///< to the store: entries wait for their files
  std::int64_t unwritten_entries = 0, files_behind = 0;  ///< how long

  bool kills = false;       ///< the process dies, between two changes of the disk or in the middle
  bool power_cuts = false;  ///< and what was not synced is gone
  bool torn = false;        ///< or there in parts
  bool disk_full = false, disk_errors = false;
  bool restless = false;  ///< mostly dies again soon after a start
  bool slow = false;      ///< the process stands still now and then

  milliseconds faulty{0};  ///< how long faults happen
  milliseconds calm{0};    ///< after them: everything comes to its end

  static Plan draw(Chance& chance);
  std::string text() const;

 private:
  void keep_plain_messages();
};

inline constexpr int kTopics = 2;
inline std::string topic_name(int topic) { return "orders-" + std::to_string(topic); }

}  // namespace sluice::sim
