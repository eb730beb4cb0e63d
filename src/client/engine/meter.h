#pragma once

#include <chrono>
#include <string_view>

#include <sluice/client.h>

#include "base/result.h"

namespace sluice::client {

/// Times one operation for the program's meter, if it has set one; else does nothing.
class Meter {
 public:
  /// The texts must live until end().
  Meter(const std::function<void(const Measurement&)>& meter, Measurement what)
      : meter_(meter), what_(what) {
    if (meter_) begun_ = std::chrono::steady_clock::now();
  }
  template <class T>
  void end(const Result<T>& result) {
    if (!meter_) return;
    what_.took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begun_);
    if (!result) what_.error = make_error_code(result.error().code());
    meter_(what_);
  }

 private:
  const std::function<void(const Measurement&)>& meter_;
  Measurement what_;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace sluice::client
