#include "net/arrivals.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <sys/socket.h>
#include <time.h>

namespace sluice::net {
namespace {

std::int64_t to_ns(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

}  // namespace

void Arrivals::watch(int socket) {
  const int on = 1;
  watching_ = ::setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0;
}

ssize_t Arrivals::read(int socket, std::span<const iovec> parts) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> control;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());  // NOLINT: only read
  message.msg_iovlen = parts.size();
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t n = ::recvmsg(socket, &message, 0);
  if (n <= 0) return n;
  const cmsghdr* const stamp = CMSG_FIRSTHDR(&message);
  newest_ns_ = 0;
  if (stamp && stamp->cmsg_level == SOL_SOCKET && stamp->cmsg_type == SCM_TIMESTAMPNS) {
    timespec time{};
    std::memcpy(&time, CMSG_DATA(stamp), sizeof time);
    newest_ns_ = to_ns(time);
  }
  return n;
}

milliseconds Arrivals::age() const {
  if (newest_ns_ == 0) return milliseconds(0);
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return milliseconds(std::max<std::int64_t>(0, (to_ns(now) - newest_ns_) / 1'000'000));
}

}  // namespace sluice::net
