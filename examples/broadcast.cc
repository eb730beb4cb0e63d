// Two members of a group that each get every message; where they have got to is kept in files below
// the current folder:  broadcast 127.0.0.1:9876
#include <array>
#include <condition_variable>
#include <iostream>
#include <mutex>

#include <sluice/producer.h>
#include <sluice/push_consumer.h>

/// One member: its own client, with a name that stays the same from run to run.
class Cache {
 public:
  Cache(const std::string& name_servers, const std::string& name)
      : client_({.name_servers = name_servers, .instance = name}),
        consumer_(client_, {.group = "caches",
                            .subscriptions = {{.topic = "changes"}},
                            .listener = [this](auto messages) { return take(messages.size()); },
                            .broadcasting = true,
                            .start = sluice::StartAt::first,
                            .offset_directory = "broadcast-offsets"}) {}

  bool wait_for(std::size_t changes) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return seen_ >= changes; });
  }

 private:
  sluice::Verdict take(std::size_t changes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    seen_ += changes;
    changed_.notify_all();
    return {};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t seen_ = 0;
  sluice::Client client_;
  sluice::PushConsumer consumer_;  // last: ends before what its listener uses
};

int main(int argc, char** argv) {
  const std::string name_servers = argc > 1 ? argv[1] : "127.0.0.1:9876";
  sluice::Client client({.name_servers = name_servers});
  sluice::Producer producer(client);
  for (const char* change : {"a=1", "b=2", "a=3"}) {
    const auto sent = producer.send({.topic = "changes", .body = change});
    if (!sent) return std::cerr << sent.error().remark << '\n', 1;
  }
  Cache one(name_servers, "cache-1"), two(name_servers, "cache-2");
  const bool all = one.wait_for(3) && two.wait_for(3);
  std::cout << (all ? "both caches have all changes\n" : "a cache has not all changes\n");
  return all ? 0 : 1;
}
