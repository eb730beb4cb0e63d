// What do very many queues cost? Makes a store that seems to hold 100 GB (sparse files) and has so
// many queues of three messages each, then measures: how long making them took, the memory,
// descriptors and mappings they hold, the disk their index files take, sending to all of them (one
// after the other, and scattered) against sending to sixteen, and the time from a start after kill
// -9 to the first send.
//
// Usage: queues_bench [QUEUES = 100000] [SENDS A ROUND = 20000]

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>

#include <sys/stat.h>

#include "server_process.h"
#include "store/checkpoint.h"
#include "store/layout.h"
#include "wire/record/record.h"
#include "wire/remoting/requests/send.h"

namespace {

using namespace sluice;
using namespace sluice::bench;
using namespace sluice::wire::remoting;
using Seconds = std::chrono::duration<double>;

constexpr std::int64_t kQueuesPerTopic = 8, kMessagesPerQueue = 3, kAtOnce = 256;
constexpr std::int64_t kSegments = 100, kSegmentBytes = 1LL << 30;
constexpr std::int64_t kFew = 16;
constexpr int kRounds = 37, kRestarts = 3;

std::filesystem::path program() {
  return std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "sluice";
}

class Sender {
 public:
  explicit Sender(std::size_t body, int server = 0)
      : connection_(milliseconds(1), server), body_(body, 'x') {}

  void add(std::int64_t queue) {
    topic_ = fmt::format("t{:05}", queue / kQueuesPerTopic);
    SendMessageV2 request;
    request.producer_group = "bench";
    request.topic = topic_;
    request.default_topic = "TBW102";
    request.default_topic_queues = kQueuesPerTopic;
    request.queue_id = static_cast<std::int32_t>(queue % kQueuesPerTopic);
    properties_.clear();
    fmt::format_to(std::back_inserter(properties_), "UNIQ_KEY\x01{:032X}\x02", ++last_id_);
    request.properties = properties_;
    connection_.add(request, as_bytes(body_));
    if (++waiting_ == kAtOnce) settle();
  }
  void settle() {
    connection_.write();
    for (; waiting_ > 0; --waiting_) {
      const Command& answer = connection_.answer();
      insist(answer.code == 0,
             fmt::format("a refused send: {} {}", answer.code, answer.remark).c_str());
    }
  }

 private:
  Connection connection_;
  std::string topic_, properties_;
  const std::string body_;
  std::uint64_t last_id_ = 0;
  std::int64_t waiting_ = 0;
};

/// Files that say in their first bytes that the rest of them is unused, and a checkpoint behind
/// them: the log goes on there.
void prepare(const std::filesystem::path& folder) {
  const auto disk = store::posix_disk();
  const std::string root = folder.string();
  insist(disk->make_folder(store::log_folder(root)).has_value(), "cannot make the store");
  insist(disk->make_folder(store::indexes_folder(root)).has_value(), "cannot make the store");
  for (std::int64_t i = 0; i <= kSegments; ++i) {
    const std::string path = store::log_folder(root) + '/' + store::file_name(i * kSegmentBytes);
    auto file = disk->open(path, store::Disk::Open::create);
    insist(file && (*file)->resize(kSegmentBytes), "cannot make a sparse file");
    std::array<std::byte, wire::record::kBlankSize> blank;
    wire::record::encode_blank(static_cast<std::int32_t>(kSegmentBytes), blank.data());
    if (i < kSegments) insist((*file)->write(0, blank).has_value(), "cannot write");
  }
  const std::int64_t end = kSegments * kSegmentBytes;
  insist(store::write_checkpoint(*disk, root, {.indexes_below = end, .flushed = end}).has_value(),
         "cannot write the checkpoint");
}

std::int64_t entries_of(const Server& server, std::string_view what) {
  const std::string path = fmt::format("/proc/{}/{}", server.pid(), what);
  if (what == "fd") {
    return std::distance(std::filesystem::directory_iterator(path), {});
  }
  std::ifstream file(path);
  return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
}

double mebibytes_on_disk(const std::filesystem::path& folder) {
  constexpr std::int64_t kBlock = 512;
  std::int64_t blocks = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    struct stat info{};
    if (::stat(entry.path().c_str(), &info) == 0) blocks += info.st_blocks;
  }
  return static_cast<double>(blocks * kBlock) / (1 << 20);
}

void show_what_is_held(const Server& server, std::string_view when) {
  fmt::print("{:<22} {:7.1f} MiB resident, {:.1f} MiB own, {} descriptors, {} mappings\n", when,
             server.resident_mebibytes(), server.own_mebibytes(), entries_of(server, "fd"),
             entries_of(server, "maps"));
}

/// How far the next queue is from the one before: the neighbour, or one of another topic.
constexpr std::int64_t kInTurn = 1, kScattered = 7919;

/// Sends to a server's queues, round by round, and what that cost.
class Load {
 public:
  Load(const Server& server, int number, std::int64_t queues, std::int64_t step = kInTurn)
      : server_(server), sender_(1024, number), queues_(queues), step_(step) {}

  /// How many a second.
  double send(std::int64_t messages) {
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < messages; ++i) sender_.add(sent_++ * step_ % queues_);
    sender_.settle();
    const double seconds = Seconds(std::chrono::steady_clock::now() - start).count();
    seconds_ += seconds;
    return static_cast<double>(messages) / seconds;
  }
  double per_second() const { return static_cast<double>(sent_) / seconds_; }
  /// Also of what the server did between the rounds.
  double cpu_us() const {
    return (server_.cpu_seconds() - cpu_) / static_cast<double>(sent_) * 1e6;
  }
  void show() const {
    fmt::print("sends to {:>7} queues {:8.0f} messages/s, {:.2f} us of the server's CPU each\n",
               queues_, per_second(), cpu_us());
  }

 private:
  const Server& server_;
  const double cpu_ = server_.cpu_seconds();
  Sender sender_;
  const std::int64_t queues_, step_;
  std::int64_t sent_ = 0;
  double seconds_ = 0;
};

void compare(const Server& server, const Server& other, std::int64_t queues, std::int64_t messages,
             std::int64_t step) {
  Load few(other, 1, kFew, step), many(server, 0, queues, step);
  std::vector<double> rates;
  for (int round = 0; round < kRounds; ++round) {
    const double before = few.send(messages);
    rates.push_back(many.send(messages) / before);
  }
  std::ranges::sort(rates);
  few.show();
  many.show();
  fmt::print(
      "sends to {:>7} queues {:8.2f} times the CPU of those to {}, {:.2f} of their rate ({:.2f} in "
      "the middle round), {}\n",
      queues, many.cpu_us() / few.cpu_us(), kFew, many.per_second() / few.per_second(),
      rates[rates.size() / 2], step == kInTurn ? "one queue after the other" : "scattered");
}

/// Against another server, which has no more than sixteen. In short turns, so that a change of the
/// machine's speed meets both; and after as many messages to each as there are queues, so that
/// neither has one that nobody has sent to since its start.
void compare(const Server& server, std::int64_t queues, std::int64_t messages) {
  const Server other(program(), {}, {}, 1);
  Load(other, 1, kFew).send(queues);
  Load(server, 0, queues).send(queues);
  compare(server, other, queues, messages, kInTurn);
  compare(server, other, queues, messages, kScattered);
}

void restart(Server& server, int signal, std::string_view how) {
  server.end(signal);
  const auto start = std::chrono::steady_clock::now();
  server.start();
  Sender sender(100);
  sender.add(0);
  sender.settle();
  fmt::print("start after {:<10} {:8.0f} ms to the first send\n", how,
             Seconds(std::chrono::steady_clock::now() - start).count() * 1000);
}

}  // namespace

int main(int argc, char** argv) {
  const auto queues = argc > 1 ? parse_number<std::int64_t>(argv[1]).value_or(0) : 100'000;
  const auto messages = argc > 2 ? parse_number<std::int64_t>(argv[2]).value_or(0) : 20'000;
  insist(queues >= kFew && messages > 0, "usage: queues_bench [QUEUES] [SENDS]");
  Server server(program(), {}, prepare);
  const auto start = std::chrono::steady_clock::now();
  {
    Sender sender(100);
    show_what_is_held(server, "no queue");
    for (std::int64_t i = 0; i < queues * kMessagesPerQueue; ++i) sender.add(i % queues);
    sender.settle();
  }
  fmt::print("making {} queues      {:8.1f} s, {} messages each\n", queues,
             Seconds(std::chrono::steady_clock::now() - start).count(), kMessagesPerQueue);
  for (int i = 0; i < kRestarts; ++i) restart(server, SIGKILL, "kill -9");
  show_what_is_held(server, "all queues idle");
  fmt::print("index files            {:8.1f} MiB on the disk\n",
             mebibytes_on_disk(store::indexes_folder(server.folder().string())));
  compare(server, queues, messages);
  restart(server, SIGKILL, "kill -9");
  restart(server, SIGTERM, "a stop");
  show_what_is_held(server, "in the end");
}
