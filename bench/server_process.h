#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/numbers.h"
#include "wire/remoting/fields.h"

/// What benchmarks of the whole server share: the server as a process of its own, and a client that
/// costs little. Broken expectations end the program.
namespace sluice::bench {

namespace remoting = wire::remoting;

/// Of this process, several of which may run at once, and of its server with a number, 0 or 1.
inline std::uint16_t port(int number) {
  constexpr int kFirst = 12'000, kEach = 25'000;
  return static_cast<std::uint16_t>(kFirst + number * kEach + getpid() % kEach);
}

inline void insist(bool holds, const char* what) {
  if (holds) return;
  std::fflush(stdout);
  std::fprintf(stderr, "the benchmark ended: %s\n", what);
  std::_Exit(1);
}

/// The server, in a folder of its own; gone with this object.
class Server {
 public:
  /// `settings`: `key=value` each. `prepare` is given the store's folder before the start.
  explicit Server(const std::filesystem::path& program, std::vector<std::string> settings = {},
                  const std::function<void(const std::filesystem::path&)>& prepare = {},
                  int number = 0)
      : program_(program),
        settings_(std::move(settings)),
        folder_(std::filesystem::temp_directory_path() /
                fmt::format("sluice-bench-{}-{}", getpid(), number)) {
    for (const std::string& own :
         {"storePathRootDir=" + folder_.string(), fmt::format("listenPort={}", port(number)),
          std::string("namesrvListenPort=0"), std::string("logLevel=error")}) {
      settings_.push_back(own);
    }
    if (prepare) prepare(folder_);
    start();
  }
  ~Server() {
    end(SIGTERM);
    std::filesystem::remove_all(folder_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start() {
    std::vector<const char*> words{program_.c_str(), "serve"};
    for (const std::string& setting : settings_) {
      words.push_back("--set");
      words.push_back(setting.c_str());
    }
    words.push_back(nullptr);
    pid_ = fork();
    insist(pid_ >= 0, "cannot start the server");
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when this program ends by a broken expectation
    execv(program_.c_str(), const_cast<char**>(words.data()));
    insist(false, "cannot start the server");
  }
  void end(int signal) {
    kill(pid_, signal);
    waitpid(pid_, nullptr, 0);
  }
  /// From the next start on.
  void set(std::string setting) { settings_.push_back(std::move(setting)); }
  pid_t pid() const { return pid_; }
  const std::filesystem::path& folder() const { return folder_; }
  /// User and system time used so far, to the nanosecond: /proc counts in hundredths of a second.
  double cpu_seconds() const {
    clockid_t clock{};
    timespec used{};
    insist(clock_getcpuclockid(pid_, &clock) == 0 && clock_gettime(clock, &used) == 0,
           "no clock of the server's");
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
  }
  /// Memory that no file backs.
  double own_mebibytes() const { return status("RssAnon:") + status("RssShmem:"); }
  double resident_mebibytes() const { return status("VmRSS:"); }

 private:
  /// A row of /proc/PID/status, in MiB.
  double status(std::string_view row) const {
    std::ifstream file(fmt::format("/proc/{}/status", pid_));
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with(row)) continue;
      const std::string digits = line.substr(line.find_first_of("0123456789"));
      const auto kib = parse_number<std::int64_t>(digits.substr(0, digits.find(' ')));
      return static_cast<double>(kib.value_or(0)) / 1024;
    }
    return 0;
  }

  const std::filesystem::path program_;
  std::vector<std::string> settings_;
  const std::filesystem::path folder_;
  pid_t pid_ = 0;
};

/// A blocking connection: requests are collected, then written together; answers come one by one.
class Connection {
 public:
  /// Tries for a minute, with that pause: how long a start takes is for a benchmark to tell.
  explicit Connection(milliseconds pause = milliseconds(20), int server = 0) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port(server));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (milliseconds waited(0); waited < milliseconds(60'000); waited += pause) {
      socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
      const int on = 1;
      setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const bool there = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
      if (there && !leads_to_itself(to)) return;
      ::close(socket_);
      std::this_thread::sleep_for(pause);
    }
    insist(false, "the server does not answer");
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  template <class Request>
  void add(const Request& request, Bytes body = {}) {
    remoting::FrameWriter frame(out_, {.code = Request::kCode, .opaque = ++opaque_});
    Request::Wire::encode(request, frame);
    frame.finish(body.size());
    out_.append(body);
  }
  void write() {
    for (Bytes rest = out_.bytes(); !rest.empty();) {
      const ssize_t n = ::send(socket_, rest.data(), rest.size(), 0);
      insist(n > 0, "the connection broke");
      rest = rest.subspan(static_cast<std::size_t>(n));
    }
    out_.clear();
  }
  /// Whether anything has come that answer() would take.
  bool has_answer() const {
    char byte = 0;
    return used_ < in_.size() || ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  }
  /// Its views hold until the next call.
  const remoting::Command& answer() {
    while (true) {
      const MutableBytes held(in_.data() + used_, in_.size() - used_);
      if (held.size() >= 4) {
        const auto size = 4 + static_cast<std::size_t>(load_be<std::int32_t>(held.data()));
        if (held.size() >= size) {
          used_ += size;
          insist(remoting::decode(held.first(size), command_).has_value(),
                 "an answer cannot be read");
          return command_;
        }
      }
      if (used_ > 0) {
        std::copy(in_.data() + used_, in_.data() + in_.size(), in_.data());
        in_.cut(in_.size() - used_);
        used_ = 0;
      }
      std::byte* const to = in_.reserve(1 << 20);
      const ssize_t n = ::recv(socket_, to, 1 << 20, 0);
      insist(n > 0, "the connection broke");
      in_.commit(static_cast<std::size_t>(n));
    }
  }

 private:
  /// Where nobody listens, the system may choose that very port for this end: then it connects.
  bool leads_to_itself(const sockaddr_in& to) const {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    insist(getsockname(socket_, reinterpret_cast<sockaddr*>(&own), &size) == 0, "no own address");
    return own.sin_port == to.sin_port;
  }

  int socket_ = -1;
  std::int32_t opaque_ = 0;
  Buffer out_, in_;
  std::size_t used_ = 0;
  remoting::Command command_;
};

}  // namespace sluice::bench
