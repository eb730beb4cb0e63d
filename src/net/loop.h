#pragma once

// Inside net only: what a reactor is made of.

#include <atomic>
#include <memory>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

#include "base/clock.h"
#include "net/connection.h"
#include "net/spares.h"

/// What a reactor is made of: its io_context and the buffers its connections share.
namespace sluice::net {

struct Loop {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::atomic<std::thread::id> thread;  ///< that runs it; others ask whether it is they

  /// Where every connection of the reactor reads to: what is left over after the whole frames is
  /// copied out, so an idle connection holds no buffer.
  static constexpr std::size_t kReadBytes = 256 << 10;
  std::unique_ptr<std::byte[]> read_buffer =
      std::make_unique_for_overwrite<std::byte[]>(kReadBytes);
  std::vector<MutableBytes> frames;
  /// Sessions may want to see their frames again before the wake is over: bytes at the buffer's
  /// front that are not read to meanwhile, and frames that came in parts.
  std::size_t kept = 0;
  std::size_t run_end = 0;  ///< of the bytes being delivered
  std::vector<Buffer> kept_frames;
  static constexpr std::size_t kKeptMax = kReadBytes / 2;
  std::byte* read_to() const { return read_buffer.get() + kept; }
  std::size_t room() const { return kReadBytes - kept; }

  Spares spares;

  static SteadyTime now() {
    return std::chrono::time_point_cast<milliseconds>(std::chrono::steady_clock::now());
  }
};

}  // namespace sluice::net
