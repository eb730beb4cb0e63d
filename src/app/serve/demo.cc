#include "app/serve/demo.h"

#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "app/serve/options.h"
#include "base/log.h"
#include "base/os/system_clock.h"
#include "client/producer.h"
#include "client/reader.h"

namespace sluice::app {
namespace {

constexpr int kMessages = 1000;
constexpr milliseconds kPatience{10'000};
constexpr const char* kTopic = "demo";

void say(const std::string& line) { std::cout << line << std::endl; }

/// A folder for the demo's data, removed at the end.
struct DemoFolder {
  std::filesystem::path path = [] {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-demo-XXXXXX").string();
    return std::filesystem::path(::mkdtemp(name.data()) ? name : std::string());
  }();
  ~DemoFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

Result<void> send_all(client::Cluster& cluster) {
  client::Producer producer(cluster);
  for (int i = 0; i < kMessages; ++i) {
    client::OutgoingMessage message;
    message.topic = kTopic;
    message.body = fmt::format("message {}", i);
    SLUICE_CHECK(producer.send(message));
  }
  say(fmt::format("sent {} messages to topic {}, one by one, each acknowledged", kMessages,
                  kTopic));
  return {};
}

Result<void> read_all(client::Cluster& cluster) {
  SLUICE_TRY(const auto queues, cluster.readable_queues(kTopic));
  client::Reader reader(cluster);
  for (const auto& queue : queues) reader.add(queue, 0);
  std::size_t got = 0;
  while (got < kMessages) {
    SLUICE_TRY(const auto messages, reader.next(kPatience));
    if (messages.empty()) {
      return fail(Errc::timed_out, fmt::format("only {} of {} messages came back", got, kMessages));
    }
    got += messages.size();
  }
  say(fmt::format("read {} messages back from {} queues", got, queues.size()));
  return {};
}

Result<void> run(const std::string& folder) {
  Settings settings;
  SLUICE_CHECK(settings.set("storePathRootDir", folder));
  SLUICE_CHECK(settings.set("listenPort", "0"));
  SystemClock clock;
  const auto disk = store::posix_disk();
  net::ReactorPool reactors(0);
  NameServiceOptions names_wanted = name_options(settings);
  names_wanted.listen.port = 0;
  SLUICE_TRY(const auto names, NameService::start(reactors, *disk, clock, names_wanted));
  SLUICE_TRY(auto options, broker_options(settings));
  SLUICE_TRY(const auto broker,
             BrokerService::start(reactors, *disk, clock, &names->names(), std::move(options)));
  say(fmt::format("started a name server on port {} and a broker on port {}", names->port(),
                  broker->port()));
  Result<void> done;
  {
    client::Remoting remoting(reactors.at(0));
    client::Cluster cluster(remoting,
                            {.name_servers = {fmt::format("127.0.0.1:{}", names->port())}});
    done = send_all(cluster);
    if (done) done = read_all(cluster);
  }
  Result<void> closed = broker->close();
  names->close();
  reactors.stop();
  if (!done) return done;
  return closed;
}

}  // namespace

int demo() {
  log::set_level(log::Level::warn);
  const DemoFolder folder;
  if (folder.path.empty()) {
    std::cerr << "sluice: no temporary folder can be made\n";
    return 1;
  }
  if (auto done = run(folder.path.string()); !done) {
    std::cerr << "sluice: " << done.error().remark() << '\n';
    return 1;
  }
  say("stopped, and removed the data");
  return 0;
}

}  // namespace sluice::app
