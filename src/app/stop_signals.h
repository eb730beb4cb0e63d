#pragma once

namespace sluice::app {

/// SIGINT and SIGTERM as a question instead of an end: from the constructor on they do nothing but
/// make arrived() true, or end wait(). To be made before any thread is, because threads inherit it;
/// the destructor puts the old behaviour back.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  bool arrived();
  /// The signal that came.
  int wait() const;

 private:
  bool arrived_ = false;
};

}  // namespace sluice::app
