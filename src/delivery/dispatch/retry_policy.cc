#include "delivery/dispatch/retry_policy.h"

#include <algorithm>
#include <utility>

namespace sluice::delivery {

RetryPolicy RetryPolicy::fixed(std::vector<milliseconds> delays) {
  RetryPolicy policy;
  policy.delays_ = std::move(delays);
  return policy;
}

RetryPolicy RetryPolicy::exponential(milliseconds first, double factor, milliseconds most) {
  // A schedule that grows is worth listing; this many steps reach any `most` with a factor of 2.
  constexpr int kSteps = 64;
  std::vector<milliseconds> delays;
  auto next = static_cast<double>(first.count());
  const auto end = static_cast<double>(most.count());
  while (delays.size() < kSteps && next < end) {
    delays.emplace_back(static_cast<std::int64_t>(next));
    if (factor <= 1 || next <= 0) return fixed(std::move(delays));
    next *= factor;
  }
  delays.push_back(most);
  return fixed(std::move(delays));
}

RetryPolicy RetryPolicy::up_to(std::int32_t attempts) const {
  RetryPolicy policy = *this;
  policy.attempts_ = attempts;
  return policy;
}

milliseconds RetryPolicy::delay(std::int32_t failures) const {
  if (delays_.empty() || failures < 1) return milliseconds(0);
  const auto step = std::min(static_cast<std::size_t>(failures), delays_.size());
  return delays_[step - 1];
}

}  // namespace sluice::delivery
