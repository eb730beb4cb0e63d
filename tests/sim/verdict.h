#pragma once

#include <deque>
#include <string>

#include <fmt/format.h>

#include "base/clock.h"

namespace sluice::sim {

/// What is found wrong in a run, and what happened before it.
class Verdict {
 public:
  explicit Verdict(const Clock& clock) : clock_(clock), start_(clock.wall()) {}

  /// The first one stays: what follows is mostly its consequence.
  void broken(const std::string& promise) {
    note("BROKEN: " + promise);
    if (broken_.empty()) broken_ = promise;
  }
  bool good() const { return broken_.empty(); }
  const std::string& what() const { return broken_; }

  void note(const std::string& what) {
    const double at = static_cast<double>((clock_.wall() - start_).count()) / 1000.0;
    notes_.push_back(fmt::format("{:10.3f} s  {}", at, what));
    if (notes_.size() > kNotesMax) notes_.pop_front();
  }
  const std::deque<std::string>& notes() const { return notes_; }

 private:
  static constexpr std::size_t kNotesMax = 4000;
  const Clock& clock_;
  const WallTime start_;
  std::string broken_;
  std::deque<std::string> notes_;
};

}  // namespace sluice::sim
