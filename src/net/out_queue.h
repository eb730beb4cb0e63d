#pragma once

#include <memory>
#include <span>
#include <vector>

#include <sys/uio.h>

#include "base/buffer.h"

namespace sluice::net {

/// Bytes waiting to be written to a socket, in order: own text and views of memory that others own
/// (slices of the log), gathered into one scatter write. Thread: one reactor.
class OutQueue {
 public:
  /// The end of the own text: append to it freely, between other calls.
  Buffer& text() { return text_; }
  /// Adds bytes that stay valid while `owner` lives. Runs below kCopyBelow are copied: a scatter
  /// entry costs more than that copy.
  void add(Bytes bytes, std::shared_ptr<const void> owner);
  static constexpr std::size_t kCopyBelow = 512;

  bool empty() const { return size() == 0; }
  std::size_t size() const { return text_.size() - text_taken_ + foreign_bytes_; }

  /// Fills `to` with what comes next. Gives the number of entries used.
  std::size_t gather(std::span<iovec> to) const;
  /// The first n bytes are written. Owners of what is done with are let go.
  void take(std::size_t n);

 private:
  /// A run of foreign bytes, and how much own text comes before it (as an end within text_). Of
  /// runs in a row with the same owner the last one holds it, for all of them.
  struct Foreign {
    std::size_t text_end;
    Bytes bytes;
    std::shared_ptr<const void> owner;
  };

  Buffer text_;
  std::size_t text_taken_ = 0;
  std::vector<Foreign> foreign_;
  std::size_t foreign_taken_ = 0;  // entries of foreign_ that are written
  std::size_t foreign_bytes_ = 0;
};

}  // namespace sluice::net
