#include "app/serve/broker_service.h"

#include <ctime>

#include "app/serve/due_rounds.h"
#include "base/log.h"
#include "base/os/thread_name.h"

namespace sluice::app {
namespace {

constexpr milliseconds kFlushPause{500};
constexpr milliseconds kStorePause{500};         // index write-out
constexpr milliseconds kTimersPause{500};        // index of timed messages
constexpr milliseconds kKeysPause{100};          // key index
constexpr milliseconds kCompactPause{100};       // compaction, which so reads and writes
constexpr std::int64_t kCompactBytes = 4 << 20;  // at most 40 MiB a second
constexpr milliseconds kHeapPause{500};          // the heap's pages
constexpr milliseconds kPersistPause{5'000};     // config/*.json
constexpr milliseconds kUpkeepPause{10'000};     // members, retention, registration
constexpr milliseconds kQuickRegistration{2};
constexpr int kDropSegmentsMax = 10;           // at a time
constexpr std::size_t kColdReadsMax = 16'384;  // that wait for a thread

int local_hour(WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return local.tm_hour;
}

}  // namespace

BrokerService::BrokerService(Clock& clock, naming::NameServer* names, BrokerServiceOptions options)
    : clock_(clock), names_(names), options_(std::move(options)) {}

Result<std::unique_ptr<BrokerService>> BrokerService::start(net::ReactorPool& reactors,
                                                            store::Disk& disk, Clock& clock,
                                                            naming::NameServer* names,
                                                            BrokerServiceOptions options) {
  std::unique_ptr<BrokerService> service(new BrokerService(clock, names, std::move(options)));
  SLUICE_CHECK(service->open(reactors, disk));
  service->start_registration(reactors);
  service->start_upkeep();
  return service;
}

Result<void> BrokerService::open(net::ReactorPool& reactors, store::Disk& disk) {
  SLUICE_TRY(store_, store::MessageStore::open(disk, clock_, options_.store));
  broker_ = std::make_unique<broker::Broker>(*store_, disk, options_.store.root + "/config",
                                             options_.broker);
  SLUICE_CHECK(broker_->load(clock_.wall()));
  broker_->schedule().on_sooner([this] { deliverer_.sooner(); });
  broker_->timers().on_sooner([this] { deliverer_.sooner(); });
  store_->keep_while([this](LogPosition below) {
    if (!broker_->timers().waits_below(below)) return false;
    kept_below_ = below;
    return true;
  });
  broker_->transactions().on_sooner([this] { checker_.sooner(); });
  if (names_ || !options_.name_servers.empty()) {
    routes_ = std::make_unique<RouteSource>(reactors.at(0), clock_, names_, options_.name_servers);
    options_.door.route = [source = routes_.get()](std::string_view topic) {
      return source->find(topic);
    };
  }
  cold_readers_ =
      std::make_unique<WorkerPool>("cold-reads", options_.cold_read_threads, kColdReadsMax);
  options_.door.cold_readers = cold_readers_.get();
  SLUICE_TRY(door_, doors::BrokerDoor::open(*broker_, clock_, reactors, options_.door));
  deliverer_.start("deliver-due", [this] { return deliver_due(*broker_, clock_, *door_); });
  checker_.start("transactions", [this] { return check_transactions(*broker_, clock_, *door_); });
  return {};
}

void BrokerService::start_registration(net::ReactorPool& reactors) {
  identity_ = {.cluster = options_.broker.cluster,
               .name = options_.broker.name,
               .id = options_.broker.id,
               .host = options_.host,
               .port = door_->port()};
  register_in_process();
  registrar_ =
      std::make_unique<Registrar>(reactors.at(0), *broker_, identity_, options_.name_servers);
  broker_->topics().on_change([this, &reactors] {
    register_change(reactors.at(0));
    registrar_->topics_changed();
  });
}

/// At once, so that a new topic has a route before anybody is told that it is there; but where that
/// takes long, because there are very many topics, once for all that change within a moment.
void BrokerService::register_change(net::Reactor& reactor) {
  if (!names_) return;
  if (!registration_is_slow_) return register_in_process();
  if (registration_posted_.exchange(true)) return;
  reactor.post([this] {
    registration_posted_ = false;
    if (!closed_) register_in_process();
  });
}

void BrokerService::register_in_process() {
  if (!names_) return;
  const SteadyTime begun = clock_.steady();
  if (auto done = register_here(*names_, *broker_, identity_, clock_.steady()); !done) {
    log::error("not_registered", {{"name_server", "in process"}, {"why", done.error().remark()}});
  }
  registration_is_slow_ = clock_.steady() - begun > kQuickRegistration;
}

void BrokerService::start_upkeep() {
  if (options_.store.sync_flush) {
    flusher_ = std::jthread([this] {
      name_this_thread("sync-flush");
      while (store_->flush_waiting()) {
      }
    });
  }
  const auto repeat = [this](const char* name, milliseconds pause, std::function<void()> work) {
    periodic_.push_back(std::make_unique<Periodic>(name, pause, std::move(work)));
  };
  repeat("flush", kFlushPause, [this] { store_->flush_log(); });
  repeat("indexes", kStorePause, [this] { maintain_store(); });
  repeat("timers", kTimersPause, [this] { maintain_timers(); });
  repeat("keys", kKeysPause, [this] { store_->index_keys(); });
  repeat("compact", kCompactPause, [this] { store_->compact(kCompactBytes); });
  repeat("huge-pages", kHeapPause, [this] { heap_.upkeep(); });
  repeat("persist", kPersistPause, [this] { persist(); });
  repeat("upkeep", kUpkeepPause, [this] { upkeep(); });
}

void BrokerService::maintain_store() {
  if (auto done = broker_->log_progress(clock_.wall()); !done) {
    log::error("progress_not_logged", {{"why", done.error().remark()}});
  }
  store_->maintain();
  // Right after the flush, so that what was delivered may be written down as delivered.
  if (auto done = broker_->persist_schedule(); !done) {
    log::error("config_not_written", {{"why", done.error().remark()}});
  }
}

void BrokerService::maintain_timers() {
  if (auto done = broker_->timers().upkeep(clock_.steady(), false); !done) {
    log::error("timers_not_written", {{"why", done.error().remark()}});
  }
}

void BrokerService::persist() {
  if (auto done = broker_->persist(clock_.wall()); !done) {
    log::error("config_not_written", {{"why", done.error().remark()}});
  }
}

void BrokerService::upkeep() {
  broker_->expire(clock_.steady());
  door_->rates().sample(doors::Rates::read(broker_->traffic()), clock_.steady());
  register_in_process();
  drop_segments();
  if (auto health = store_->health(); !health) {
    log::error("store_failed", {{"why", health.error().remark()}});
  }
}

/// A segment in which timed messages wait is dropped when they lie further on in the log. One that
/// is full of them frees nothing, so no other follows it in the same round.
void BrokerService::drop_segments() {
  int dropped = 0;
  std::int64_t moved = 0;
  for (bool more = true; more && dropped < kDropSegmentsMax;) {
    kept_below_.reset();
    const auto now_dropped =
        store_->apply(options_.retention, local_hour(clock_.wall()), kDropSegmentsMax - dropped);
    if (!now_dropped) {
      log::error("segments_not_dropped", {{"why", now_dropped.error().remark()}});
      return;
    }
    dropped += *now_dropped;
    more = kept_below_ && moved < options_.store.segment_bytes / 2;
    if (!more) break;
    const auto bytes = broker_->timers().move_above(*kept_below_);
    if (!bytes) {
      log::error("timed_messages_not_moved", {{"why", bytes.error().remark()}});
      return;
    }
    more = !broker_->timers().waits_below(*kept_below_);
    moved += *bytes;
  }
  if (dropped > 0) log::info("segments_dropped", {{"count", dropped}, {"bytes_kept", moved}});
}

BrokerService::~BrokerService() {
  if (auto done = close(); !done) {
    log::error("store_not_closed", {{"why", done.error().remark()}});
  }
}

Result<void> BrokerService::close() {
  if (closed_.exchange(true) || !store_) return {};
  if (names_ && identity_.port != 0) {
    const auto address =
        identity_.host.empty()
            ? naming::BrokerAddress::same_host(identity_.port)
            : naming::BrokerAddress::fixed(identity_.host + ':' + std::to_string(identity_.port));
    names_->routes().unregister_broker(identity_.cluster, identity_.name, identity_.id, address);
  }
  if (door_) door_->close();
  if (cold_readers_) cold_readers_->stop();
  if (broker_) broker_->topics().on_change(nullptr);
  registrar_.reset();
  routes_.reset();
  deliverer_.stop();
  checker_.stop();
  periodic_.clear();
  store_->stop_flushing();
  if (flusher_.joinable()) flusher_.join();
  store_->maintain();
  if (broker_) {
    if (auto done = broker_->timers().upkeep(clock_.steady(), true); !done) {
      log::error("timers_not_written", {{"why", done.error().remark()}});
    }
  }
  if (broker_) SLUICE_CHECK(broker_->persist(clock_.wall()));
  return store_->close();
}

}  // namespace sluice::app
