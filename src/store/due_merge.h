#pragma once

#include <memory>
#include <vector>

#include "store/due_order.h"

namespace sluice::store {

/// Several runs that become one.
struct DueIndex::Merge {
  struct Input {
    std::shared_ptr<DueRun> run;
    std::int64_t from = 0;  ///< what was used up of it when the merge began
  };
  std::vector<Input> inputs;
  std::int64_t number = 0;
  std::shared_ptr<DueFile> file;  ///< null: nothing was left
  std::int64_t min_position = 0;
  std::uint64_t generation = 0;
};

/// Where a walk is: it has looked at all runs before `run`, and of that at the entries before
/// `number`.
class DueIndex::Walk {
 public:
  std::int64_t below = 0;
  std::vector<std::shared_ptr<DueRun>> runs;
  std::size_t run = 0;
  std::int64_t number = 0;
  std::int64_t min_position = 0;  ///< of what the run has beyond `below`
  struct Place {
    std::shared_ptr<DueRun> run;
    std::int64_t number = 0;
    DueKey key;
  };
  std::vector<Place> last;
};

}  // namespace sluice::store
