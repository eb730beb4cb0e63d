#pragma once

#include <cstdint>
#include <string>

#include "app/cli/session.h"

namespace sluice::app {

/// The consumer group of a run that was given none: named after the run, and taken away with it.
class RunGroup {
 public:
  /// Gives `group` a name when it is empty. Both must outlive this object.
  RunGroup(const ConnectOptions& connect, std::string& group, std::uint64_t run);
  ~RunGroup();
  RunGroup(const RunGroup&) = delete;
  RunGroup& operator=(const RunGroup&) = delete;

 private:
  const ConnectOptions& connect_;
  const std::string& group_;
  bool ours_ = false;
};

}  // namespace sluice::app
