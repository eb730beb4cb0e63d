#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "server_process.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"

/// Old messages for benchmarks: written in bulk, put out of the page cache, read by a consumer that
/// has to wait for the disk.
namespace sluice::bench {

inline constexpr std::int64_t kBodyBytes = 1 << 10;
inline constexpr std::int32_t kOldQueues = 4;

inline remoting::SendMessageV2 request_to_send(std::string_view topic, std::int32_t queue) {
  remoting::SendMessageV2 request;
  request.producer_group = "bench";
  request.topic = topic;
  request.default_topic = "TBW102";
  request.default_topic_queues = kOldQueues;
  request.queue_id = queue;
  request.properties =
      "UNIQ_KEY\x01"
      "7F0000010000000000000000000000\x02";
  return request;
}

inline void write_old(std::int64_t bytes) {
  constexpr std::int64_t kAtOnce = 256;
  Connection connection;
  const std::string body(static_cast<std::size_t>(kBodyBytes), 'x');
  for (std::int64_t sent = 0; sent < bytes / kBodyBytes; sent += kAtOnce) {
    for (std::int64_t i = 0; i < kAtOnce; ++i) {
      connection.add(request_to_send("old", static_cast<std::int32_t>(i % kOldQueues)),
                     as_bytes(body));
    }
    connection.write();
    for (std::int64_t i = 0; i < kAtOnce; ++i) {
      insist(connection.answer().code == 0, "a refused send");
    }
  }
}

/// Visits the files of the log and of the queues' indexes.
template <class Visit>
void for_each_file(const Server& server, Visit visit) {
  for (const char* part : {"commitlog", "consumequeue"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(server.folder() / part)) {
      if (!entry.is_regular_file()) continue;
      const int fd = ::open(entry.path().c_str(), O_RDONLY);
      visit(fd, static_cast<std::int64_t>(entry.file_size()));
      ::close(fd);
    }
  }
}

inline std::int64_t log_files(const Server& server) {
  return std::distance(std::filesystem::directory_iterator(server.folder() / "commitlog"), {});
}

inline void put_out_of_memory(const Server& server) {
  for_each_file(server, [](int fd, std::int64_t) {
    ::fdatasync(fd);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  });
}

/// Reads the old topic, again from the start when it is over, until told to stop. Gives the bytes.
template <class Stop>
std::int64_t read_old(const Stop& stop) {
  Connection connection;
  remoting::PullMessage request;
  request.group = "bench";
  request.topic = "old";
  request.max_messages = 32;
  request.sys_flag = remoting::kPullSubscription;
  request.subscription = "*";
  std::int64_t bytes = 0;
  while (!stop) {
    connection.add(request);
    connection.write();
    const remoting::Command& answer = connection.answer();
    bytes += static_cast<std::int64_t>(answer.body.size());
    request.queue_offset =
        parse_number<std::int64_t>(answer.ext.get("nextBeginOffset")).value_or(0);
    if (answer.code == 0) continue;
    request.queue_id = (request.queue_id + 1) % kOldQueues;
    request.queue_offset = 0;
  }
  return bytes;
}

}  // namespace sluice::bench
