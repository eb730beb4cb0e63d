#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "net/out_queue.h"

/// What a reactor's connections lend each other, so that an idle one holds nothing.
namespace sluice::net {

/// Empty queues for connections that have something to write, and empty buffers for frames that
/// arrive in parts. Few and small ones are kept. Thread: its reactor.
class Spares {
 public:
  std::unique_ptr<OutQueue> take_queue() {
    if (queues_.empty()) return std::make_unique<OutQueue>();
    auto queue = std::move(queues_.back());
    queues_.pop_back();
    return queue;
  }
  void give_back(std::unique_ptr<OutQueue> queue) {
    if (queues_.size() == kMost || queue->text().capacity() > kTextMax) return;
    queues_.push_back(std::move(queue));
  }

  /// One for so many bytes.
  Buffer take_buffer(std::size_t bytes) {
    if (buffers_.empty() || bytes > kBufferMax) return {};
    Buffer buffer = std::move(buffers_.back());
    buffers_.pop_back();
    return buffer;
  }
  void give_back(Buffer buffer) {
    if (buffers_.size() == kMost || buffer.capacity() == 0) return;
    if (buffer.capacity() > kBufferMax) return;
    buffer.clear();
    buffers_.push_back(std::move(buffer));
  }

 private:
  static constexpr std::size_t kMost = 16;  // of each
  static constexpr std::size_t kTextMax = 1 << 20, kBufferMax = 256 << 10;
  std::vector<std::unique_ptr<OutQueue>> queues_;
  std::vector<Buffer> buffers_;
};

}  // namespace sluice::net
