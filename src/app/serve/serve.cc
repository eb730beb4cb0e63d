#include "app/serve/serve.h"

#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>

#include <fmt/format.h>

#include "app/serve/options.h"
#include "app/stop_signals.h"
#include "base/log.h"
#include "base/os/system_clock.h"

namespace sluice::app {
namespace {

Result<Settings> read_settings(const ServeArguments& arguments) {
  Settings settings;
  if (!arguments.config_file.empty()) {
    std::ifstream file(arguments.config_file);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf())) {
      return fail(Errc::not_found, fmt::format("-c {}: cannot be read", arguments.config_file));
    }
    SLUICE_CHECK(settings.read_text(text.str(), arguments.config_file));
  }
  for (const std::string& assignment : arguments.assignments) {
    const std::size_t split = assignment.find('=');
    if (split == assignment.npos) {
      return fail(Errc::invalid_argument, fmt::format("--set {}: expected key=value", assignment));
    }
    SLUICE_CHECK(settings.set(assignment.substr(0, split), assignment.substr(split + 1)));
  }
  return settings;
}

void apply_logging(const Settings& settings) {
  log::Level level = log::Level::info;
  if (log::parse_level(settings.text("logLevel"), level)) log::set_level(level);
  for (const std::string& warning : settings.warnings()) {
    log::warn("setting_without_effect", {{"why", warning}});
  }
}

int refuse(const Error& error) {
  std::cerr << "sluice: " << error.remark() << '\n';
  return 1;
}

/// What a process that serves consists of. The order of the members is the order of their start.
struct Running {
  const StopSignals signals;
  SystemClock clock;
  std::unique_ptr<store::Disk> disk = store::posix_disk();
  std::unique_ptr<net::ReactorPool> reactors;
  std::unique_ptr<NameService> names;
  std::unique_ptr<BrokerService> broker;

  Result<void> start(const Settings& settings, bool with_broker) {
    reactors = std::make_unique<net::ReactorPool>(static_cast<int>(settings.integer("reactors")));
    if (has_name_server(settings)) {
      SLUICE_TRY(names, NameService::start(*reactors, *disk, clock, name_options(settings)));
    }
    if (!with_broker) return {};
    SLUICE_TRY(auto options, broker_options(settings));
    SLUICE_TRY(broker, BrokerService::start(*reactors, *disk, clock,
                                            names ? &names->names() : nullptr, std::move(options)));
    return {};
  }

  Result<void> stop() {
    Result<void> closed;
    if (broker) closed = broker->close();
    if (names) names->close();
    if (reactors) reactors->stop();
    return closed;
  }
};

void say_ready(const Settings& settings, const Running& running) {
  if (running.names) {
    log::info("name_server_ready", {{"port", running.names->port()}});
  }
  if (!running.broker) return;
  log::info("broker_ready", {{"port", running.broker->port()},
                             {"name", settings.text("brokerName")},
                             {"data", settings.text("storePathRootDir")}});
  if (!running.names) return;
  const std::uint16_t port = running.names->port();
  std::cout << fmt::format(
                   "Sluice is up: name server on port {0}, broker on port {1}, data in {2}\n"
                   "Try it from another terminal:\n"
                   "  echo hello | build/release/sluice produce greetings --namesrv 127.0.0.1:{0}\n"
                   "  build/release/sluice consume greetings --from first --namesrv 127.0.0.1:{0}\n"
                   "  or in Java: producer.setNamesrvAddr(\"127.0.0.1:{0}\");\n",
                   port, running.broker->port(), settings.text("storePathRootDir"))
            << std::flush;
}

int run(const ServeArguments& arguments, bool with_broker) {
  const auto settings = read_settings(arguments);
  if (!settings) return refuse(settings.error());
  apply_logging(*settings);
  std::signal(SIGPIPE, SIG_IGN);  // a closed connection is an error of the write
  Running running;
  if (auto started = running.start(*settings, with_broker); !started) {
    static_cast<void>(running.stop());
    return refuse(started.error());
  }
  say_ready(*settings, running);
  const int signal = running.signals.wait();
  log::info("stopping", {{"signal", signal}});
  if (auto closed = running.stop(); !closed) return refuse(closed.error());
  log::info("stopped");
  return 0;
}

}  // namespace

int serve(const ServeArguments& arguments) { return run(arguments, true); }

int serve_names(const ServeArguments& arguments) { return run(arguments, false); }

}  // namespace sluice::app
