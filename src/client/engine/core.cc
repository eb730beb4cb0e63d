#include "client/engine/core.h"

#include <algorithm>
#include <cstdlib>
#include <future>
#include <random>

#include <fmt/format.h>
#include <unistd.h>

#include "base/os/system_clock.h"
#include "client/cluster.h"
#include "client/engine/address_server.h"
#include "client/engine/identity.h"
#include "client/engine/together.h"
#include "wire/remoting/requests/groups.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {

constexpr milliseconds kLookUpEvery{120'000};

/// `co_await asked(…)`: what the address server says.
struct Asked {
  net::Reactor& reactor;
  const AddressServer& server;
  milliseconds timeout;
  std::optional<Result<std::string>> answer{};

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> task) {
    ask_address_server(reactor, server, timeout, [this, task](Result<std::string> text) {
      answer.emplace(std::move(text));
      task.resume();
    });
  }
  Result<std::string> await_resume() { return std::move(*answer); }
};
Asked asked(net::Reactor& reactor, const AddressServer& server, milliseconds timeout) {
  return {reactor, server, timeout};
}

std::vector<std::string> name_servers_of(const ClientOptions& options) {
  if (options.name_servers.empty() && !options.address_server.empty()) return {};
  const char* fallback = std::getenv("NAMESRV_ADDR");
  const std::string text =
      options.name_servers.empty() && fallback != nullptr ? fallback : options.name_servers;
  auto servers = parse_name_servers(text);
  // Nothing can be reached then, and every operation says why.
  return servers ? std::move(*servers) : std::vector<std::string>{text};
}

Result<std::shared_ptr<const net::TlsClient>> tls_of(const TlsOptions& tls) {
  if (!tls.enabled) return nullptr;
  return net::TlsClient::make({.check_issuer = tls.check != TlsCheck::none,
                               .check_name = tls.check == TlsCheck::name,
                               .ca_file = tls.ca_file,
                               .certificate_file = tls.certificate_file,
                               .key_file = tls.key_file,
                               .key_password = tls.key_password});
}

}  // namespace

Failure to_failure(const Error& error) {
  return {make_error_code(error.code()), std::string(error.remark())};
}

WallTime Core::wall_now() { return SystemClock().wall(); }
SteadyTime Core::now() { return SystemClock().steady(); }

Core::Core(ClientOptions options)
    : options_(std::move(options)),
      client_id_(make_client_id(options_.instance)),
      names_(options_.name_space),
      pool_(1),
      ids_(local_host(), getpid(), std::random_device{}()),
      remoting_(std::make_unique<Remoting>(
          reactor(), Security{.credentials = options_.credentials, .tls = tls_of(options_.tls)})),
      routes_(std::make_unique<Routes>(*remoting_, name_servers_of(options_),
                                       options_.request_timeout, [this] { beat_.ring(); })),
      refresh_(reactor()),
      beat_(reactor()),
      look_(reactor()) {
  remoting_->serve(
      [this](const std::string& address, const Answer& request, const Remoting::Respond& respond) {
        return serve(address, request, respond);
      });
  spawn([this] { return keep_fresh(); });
  spawn([this] { return keep_beating(); });
  if (options_.address_server.empty()) return;
  routes_->look_up_with([this] { return look_up(); });
  spawn([this] { return keep_looking_up(); });
}

Core::~Core() { close(); }

std::string Core::offsets_id() const {
  return options_.instance.empty() ? make_client_id("DEFAULT") : client_id_;
}

bool Core::post(std::move_only_function<void()> work) {
  const std::lock_guard lock(post_mutex_);
  if (stopped_) return false;
  reactor().post(std::move(work));
  return true;
}

void Core::spawn(std::move_only_function<Task<void>()> make) {
  post([make = std::move(make)]() mutable { run_detached(make()); });
}

void Core::close() {
  if (closed_.exchange(true)) return;
  std::promise<void> ended;
  reactor().post([&] {
    run_detached([](Core& core, std::promise<void>& done) -> Task<void> {
      co_await core.shut_down();
      done.set_value();
    }(*this, ended));
  });
  ended.get_future().wait();
  {
    const std::lock_guard lock(post_mutex_);
    stopped_ = true;
  }
  // What was posted before, and what that posted in turn, has run after two turns.
  for (int turn = 0; turn < 2; ++turn) reactor().run_and_wait([] {});
  pool_.stop();
}

Task<void> Core::shut_down() {
  std::vector<Task<void>> stops;
  for (const auto& participant : std::vector(participants_)) stops.push_back(participant->stop());
  co_await together(std::move(stops));
  closing_ = true;
  refresh_.ring();
  beat_.ring();
  look_.ring();
  for (Alarm* sleeper : sleepers_) sleeper->ring();
  remoting_->close();  // ends the calls that the loops wait for
  co_await tasks_;
}

Task<void> Core::sleep(milliseconds time) {
  if (closing_) co_return;
  Alarm alarm(reactor());
  sleepers_.insert(&alarm);
  co_await alarm.wait(time);
  sleepers_.erase(&alarm);
}

void Core::add(const std::shared_ptr<Participant>& participant) {
  participants_.push_back(participant);
  beat_.ring();
}

void Core::remove(Participant& participant) {
  std::erase_if(participants_, [&](const auto& p) { return p.get() == &participant; });
}

Task<void> Core::keep_fresh() {
  const Inside inside(tasks_);
  while (!closing_) {
    co_await refresh_.wait(options_.route_refresh);
    for (const std::string& topic : routes_->topics()) {
      if (closing_) break;
      const auto route = co_await routes_->refresh(topic);
      if (!route && route.error().code() != Errc::topic_not_found) {
        log(LogLevel::warning,
            fmt::format("the route of {} was not refreshed: {}", topic, route.error().remark()));
      }
    }
  }
}

Task<void> Core::keep_looking_up() {
  const Inside inside(tasks_);
  while (!closing_) {
    co_await look_.wait(kLookUpEvery);
    if (closing_) break;
    const auto found = co_await look_up();
    if (!found) log(LogLevel::warning, std::string(found.error().remark()));
  }
}

Task<Result<void>> Core::look_up() {
  SLUICE_CO_TRY(const AddressServer server, parse_address_server(options_.address_server));
  SLUICE_CO_TRY(const std::string text,
                co_await asked(reactor(), server, options_.request_timeout));
  SLUICE_CO_TRY(auto servers, parse_name_servers(text));
  routes_->use(std::move(servers));
  co_return Result<void>();
}

Task<void> Core::keep_beating() {
  const Inside inside(tasks_);
  while (!closing_) {
    co_await beat_.wait(options_.heartbeat);
    if (!closing_) co_await heartbeat();
  }
}

Task<void> Core::heartbeat() {
  HeartbeatBody heartbeat;
  heartbeat.client_id = client_id_;
  for (const auto& participant : participants_) participant->describe(heartbeat);
  if (heartbeat.consumers.empty() && heartbeat.producer_groups.empty()) co_return;
  Buffer body;
  heartbeat.encode(body);
  for (const std::string& address : routes_->brokers()) {
    auto answer = co_await call(address, HeartBeat{}, body.bytes());
    auto refused = answer ? check(*answer) : fail(std::move(answer.error()));
    if (!refused && !closing_) {
      log(LogLevel::warning, fmt::format("heartbeat to {}: {}", address, refused.error().remark()));
    }
  }
}

Task<void> Core::unregister(std::string producer_group, std::string consumer_group) {
  UnregisterClient request;
  request.client_id = client_id_;
  request.producer_group = producer_group;
  request.consumer_group = consumer_group;
  for (const std::string& address : routes_->brokers()) {
    static_cast<void>(co_await call(address, request));
  }
}

bool Core::serve(const std::string& address, const Answer& request,
                 const Remoting::Respond& respond) {
  bool served = false;
  for (const auto& participant : std::vector(participants_)) {
    served = participant->serve(address, request, respond) || served;
  }
  return served;
}

void Core::log(LogLevel level, const std::string& line) const {
  if (options_.log) options_.log(level, line);
}

}  // namespace sluice::client
