// What does a consumer that reads old messages from the disk cost the others?
//
// Writes so many gibibytes, puts them out of memory, and then measures a client that sends a
// thousand messages a second, each timed from when it was due: first alone, then while another
// client reads everything from the start. Also told: how fast that one reads, how often the
// server's reactors had to wait for the disk (major faults), and how much of the old data is in the
// page cache afterwards. In the end all old files are removed at once, by a limit of the log's
// size, while that client goes on.
//
// Usage: cold_bench [GIBIBYTES = 4] [SECONDS = 10] [SERVER = the one built beside it]

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "old_messages.h"

namespace {

using namespace sluice;
using namespace sluice::bench;
using Ticks = std::chrono::steady_clock;
using Millis = std::chrono::duration<double, std::milli>;

constexpr std::chrono::microseconds kPeriod{1000};
constexpr std::chrono::seconds kUpkeep{10};  // the server's pause between two looks at its files

double mebibytes_in_memory(const Server& server) {
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  std::int64_t pages = 0;
  for_each_file(server, [&](int fd, std::int64_t size) {
    if (size == 0) return;
    void* const at = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, fd, 0);
    std::vector<unsigned char> known(static_cast<std::size_t>((size + page - 1) / page));
    ::mincore(at, static_cast<std::size_t>(size), known.data());
    pages += std::count_if(known.begin(), known.end(), [](unsigned char p) { return p & 1; });
    ::munmap(at, static_cast<std::size_t>(size));
  });
  return static_cast<double>(pages * page) / (1 << 20);
}

/// Of all threads of the server but those that may wait for the disk.
std::int64_t major_faults(const Server& server) {
  std::int64_t faults = 0;
  for (const auto& task :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", server.pid()))) {
    std::ifstream file(task.path() / "stat");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    if (text.find("(cold-reads)") != std::string::npos) continue;
    unsigned long major = 0;
    std::sscanf(text.c_str() + text.rfind(')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %lu",
                &major);
    faults += static_cast<std::int64_t>(major);
  }
  return faults;
}

/// Milliseconds from when each send was due to its answer, ascending.
std::vector<double> send_steadily(std::chrono::seconds time) {
  Connection connection;
  const std::string body(static_cast<std::size_t>(kBodyBytes), 'x');
  std::vector<double> took;
  const auto start = Ticks::now();
  for (auto due = start; due < start + time; due += kPeriod) {
    std::this_thread::sleep_until(due);
    connection.add(request_to_send("new", 0), as_bytes(body));
    connection.write();
    insist(connection.answer().code == 0, "a refused send");
    took.push_back(Millis(Ticks::now() - due).count());
  }
  std::ranges::sort(took);
  return took;
}

void show(std::string_view what, const std::vector<double>& took) {
  const auto at = [&](double part) {
    return took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))];
  };
  fmt::print("send, {:<22} p50 {:.3f} ms, p99 {:.3f} ms, p99.9 {:.3f} ms, worst {:.1f} ms\n", what,
             at(0.5), at(0.99), at(0.999), took.back());
}

}  // namespace

int main(int argc, char** argv) {
  const auto gibibytes = argc > 1 ? parse_number<std::int64_t>(argv[1]).value_or(0) : 4;
  const auto seconds = argc > 2 ? parse_number<std::int64_t>(argv[2]).value_or(0) : 10;
  insist(gibibytes > 0 && seconds > 0, "usage: cold_bench [GIBIBYTES] [SECONDS] [SERVER]");
  const std::filesystem::path beside =
      std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "sluice";
  Server server(argc > 3 ? std::filesystem::path(argv[3]) : beside);
  write_old(gibibytes << 30);
  server.end(SIGTERM);  // so that what it has mapped does not keep the pages
  put_out_of_memory(server);
  server.start();
  send_steadily(std::chrono::seconds(1));
  show("alone", send_steadily(std::chrono::seconds(seconds)));
  put_out_of_memory(server);
  fmt::print("in the page cache      {:8.0f} MiB of the store\n", mebibytes_in_memory(server));
  const std::int64_t faults = major_faults(server);
  std::atomic<bool> stop{false};
  std::int64_t bytes = 0;
  const auto start = Ticks::now();
  std::thread reader([&] { bytes = read_old(stop); });
  show("beside a cold reader", send_steadily(std::chrono::seconds(seconds)));
  const double took = Millis(Ticks::now() - start).count() / 1000;
  stop = true;
  reader.join();
  fmt::print("the cold reader        {:8.0f} MiB/s\n",
             static_cast<double>(bytes) / took / (1 << 20));
  fmt::print("reactors' major faults {:8}\n", major_faults(server) - faults);
  fmt::print("in the page cache      {:8.0f} MiB of the store\n", mebibytes_in_memory(server));
  server.end(SIGTERM);
  server.set("logBytesMax=1073741824");
  server.start();
  send_steadily(std::chrono::seconds(1));
  const std::int64_t files = log_files(server);
  show("while old files go", send_steadily(kUpkeep + std::chrono::seconds(5)));
  fmt::print("files of the log       {:8} before, {} after\n", files, log_files(server));
}
