#include "net/out_queue.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace sluice::net {

void OutQueue::add(Bytes bytes, std::shared_ptr<const void> owner) {
  if (bytes.size() < kCopyBelow) return text_.append(bytes);
  const bool same = foreign_taken_ < foreign_.size() && foreign_.back().owner == owner;
  if (same) foreign_.back().owner.reset();
  foreign_.push_back({text_.size(), bytes, std::move(owner)});
  foreign_bytes_ += bytes.size();
}

std::size_t OutQueue::gather(std::span<iovec> to) const {
  std::size_t count = 0;
  std::size_t text_from = text_taken_;
  const auto put = [&](Bytes bytes) {
    if (bytes.empty() || count == to.size()) return;
    to[count++] = {const_cast<std::byte*>(bytes.data()),
                   bytes.size()};  // NOLINT: iovec is not const
  };
  for (std::size_t i = foreign_taken_; i < foreign_.size() && count < to.size(); ++i) {
    put(text_.bytes().subspan(text_from, foreign_[i].text_end - text_from));
    put(foreign_[i].bytes);
    text_from = foreign_[i].text_end;
  }
  put(text_.bytes().subspan(text_from));
  return count;
}

void OutQueue::take(std::size_t n) {
  SLUICE_ASSERT(n <= size());
  while (n > 0 && foreign_taken_ < foreign_.size()) {
    Foreign& next = foreign_[foreign_taken_];
    const std::size_t own = std::min(n, next.text_end - text_taken_);
    text_taken_ += own;
    n -= own;
    const std::size_t run = std::min(n, next.bytes.size());
    next.bytes = next.bytes.subspan(run);
    foreign_bytes_ -= run;
    n -= run;
    if (text_taken_ < next.text_end || !next.bytes.empty()) return;
    next.owner.reset();
    ++foreign_taken_;
  }
  text_taken_ += n;
  if (!empty()) return;
  text_.clear();
  foreign_.clear();
  text_taken_ = foreign_taken_ = 0;
}

}  // namespace sluice::net
