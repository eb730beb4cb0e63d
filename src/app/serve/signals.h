#pragma once

namespace sluice::app {

/// Holds SIGINT and SIGTERM back from every thread started after it, so that wait() gets them.
/// SIGPIPE is ignored: a closed connection is an error of the write.
class Signals {
 public:
  Signals();
  /// The signal that came.
  int wait() const;
};

}  // namespace sluice::app
