#pragma once

#include <array>
#include <atomic>

#include "steady_load.h"

/// What a load's latencies are explained with: the disk's own times, and where the broker says that
/// slow sends were.
namespace sluice::bench {

using Stop = std::atomic<bool>;

/// Milliseconds of an fdatasync of 4 KiB beside the store, four times a second; ascending.
inline std::vector<double> watch_disk(const Server& server, const Stop& stop) {
  const std::string path = server.folder().string() + ".probe";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::vector<char> page(4096, 'p');
  std::vector<double> took;
  for (off_t to = 0; !stop; to += 4096) {
    const auto start = Ticks::now();
    insist(::pwrite(fd, page.data(), page.size(), to) == 4096, "the disk takes nothing");
    ::fdatasync(fd);
    took.push_back(Millis(Ticks::now() - start).count());
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
  ::close(fd);
  ::unlink(path.c_str());
  std::ranges::sort(took);
  return took;
}

/// What the broker has counted of slow sends (slowRequestMs).
struct Slow {
  std::array<std::int64_t, 6> counts{};
  static constexpr std::array<std::string_view, 6> kKeys{"slowSends",
                                                         "slowSendsQueueMillis",
                                                         "slowSendsAppendMillis",
                                                         "slowSendsFlushMillis",
                                                         "slowSendsWakeMillis",
                                                         "slowSendsWriteMillis"};

  static Slow now() {
    Connection connection;
    connection.add(remoting::GetRuntimeInfo{});
    connection.write();
    const std::string_view table = as_text(connection.answer().body);
    Slow slow;
    for (std::size_t i = 0; i < kKeys.size(); ++i) {
      const std::string key = fmt::format("\"{}\":\"", kKeys[i]);
      const std::string_view rest = table.substr(table.find(key) + key.size());
      slow.counts[i] = parse_number<std::int64_t>(rest.substr(0, rest.find('"'))).value_or(-1);
    }
    return slow;
  }
  /// The mean of each part.
  std::string text(const Slow& before) const {
    const std::int64_t sends = counts[0] - before.counts[0];
    std::string out = fmt::format("{}", sends);
    for (std::size_t i = 1; sends > 0 && i < kKeys.size(); ++i) {
      const auto all = static_cast<double>(counts[i] - before.counts[i]);
      out += fmt::format("{}{:.1f}", i == 1 ? ": " : " + ", all / static_cast<double>(sends));
    }
    return out;
  }
};

}  // namespace sluice::bench
