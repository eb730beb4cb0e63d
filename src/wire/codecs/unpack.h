#pragma once

// Inside wire only.

#include <algorithm>

#include <fmt/format.h>

#include "base/buffer.h"
#include "base/result.h"

/// What decoders of compressed frames have in common: steps, and an end at the limit.
namespace sluice::wire {

inline constexpr std::size_t kStep = 64 << 10;

/// One step of a decoder: how much it took and gave; or that the frame is over, or broken.
struct Step {
  std::size_t taken = 0, given = 0;
  bool over = false, broken = false;
};

/// Runs a decoder until its frame is over. It must use up the whole input.
template <class Decoder>
Result<Buffer> unpack(Decoder decode, Bytes from, std::size_t limit, const char* what) {
  Buffer plain;
  for (;;) {
    const std::size_t room = std::min(kStep, limit + 1 - plain.size());
    const Step step = decode(from, MutableBytes(plain.reserve(room), room));
    plain.commit(step.given);
    from = from.subspan(step.taken);
    const bool stuck = step.taken == 0 && step.given == 0 && !step.over;
    if (step.broken || stuck || (step.over && !from.empty())) {
      return fail(Errc::malformed, fmt::format("not one whole {} frame", what));
    }
    if (plain.size() > limit) {
      return fail(Errc::malformed,
                  fmt::format("a body with more than {} bytes when unpacked", limit));
    }
    if (step.over) return plain;
  }
}

}  // namespace sluice::wire
