#include "app/serve/options.h"

#include <filesystem>
#include <random>

#include <fmt/format.h>
#include <unistd.h>

#include "app/serve/local_address.h"

namespace sluice::app {
namespace {

constexpr double kMemoryShare = 0.4;             // accessMessageInMemoryMaxRatio
constexpr std::int64_t kRecordExtra = 64 << 10;  // what a record has beside its body, at most

net::ListenOptions listen_options(const Settings& settings, const char* port) {
  return {.address = settings.text("bindAddress"),
          .port = static_cast<std::uint16_t>(settings.integer(port)),
          .connections_max = static_cast<std::size_t>(settings.integer("connectionsMax")),
          .limits = {.output_bytes_max =
                         static_cast<std::size_t>(settings.integer("connectionOutputBytesMax")),
                     .stamp_arrivals = settings.integer("slowRequestMs") > 0}};
}

/// `host:port`, several divided by ';'.
Result<std::vector<net::Endpoint>> endpoints(std::string_view text) {
  std::vector<net::Endpoint> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    if (const std::string_view one = text.substr(0, end); !one.empty()) {
      auto endpoint = net::parse_endpoint(one);
      if (!endpoint) {
        return fail(Errc::invalid_argument,
                    fmt::format("namesrvAddr: {}", endpoint.error().remark()));
      }
      out.push_back(std::move(*endpoint));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Result<net::Address> store_address(const Settings& settings) {
  const std::string& host = settings.text("brokerIP1");
  if (host.empty()) return primary_address();
  auto address = net::parse_address(host);
  if (!address) return primary_address();  // a name: routes carry it, message ids cannot
  return address;
}

/// A store that lies elsewhere must not be taken for an empty one.
Result<void> check_folders(const Settings& settings) {
  const auto root = std::filesystem::path(settings.text("storePathRootDir")).lexically_normal();
  for (const auto& [key, folder] :
       {std::pair{"storePathCommitLog", "commitlog"},
        std::pair{"storePathConsumeQueue", "consumequeue"}, std::pair{"storePathIndex", "index"}}) {
    const std::string& path = settings.text(key);
    const auto normal = (std::filesystem::path(path) / "").lexically_normal();
    if (path.empty() || normal == (root / folder / "").lexically_normal()) continue;
    return fail(Errc::invalid_argument,
                fmt::format("{} = {}: only {} is allowed; move the folder there, or link it", key,
                            path, (root / folder).string()));
  }
  return {};
}

Result<void> check_sizes(const Settings& settings) {
  const std::int64_t record = settings.integer("maxMessageSize") + kRecordExtra;
  for (const char* key : {"mappedFileSizeCommitLog", "tailBytes"}) {
    if (settings.integer(key) >= record) continue;
    return fail(Errc::invalid_argument,
                fmt::format("{} = {}: with maxMessageSize = {} at least {} are needed", key,
                            settings.integer(key), settings.integer("maxMessageSize"), record));
  }
  return {};
}

broker::RequestModeSetting default_request_mode(const Settings& settings) {
  const auto mode = broker::parse_request_mode(settings.text("defaultMessageRequestMode"));
  return {
      .mode = mode.value_or(broker::RequestMode::pull),
      .pop_share_queues = static_cast<std::int32_t>(settings.integer("defaultPopShareQueueNum"))};
}

broker::TransactionOptions transaction_options(const Settings& settings) {
  return {.timeout = milliseconds(settings.integer("transactionTimeOut")),
          .check_interval = milliseconds(settings.integer("transactionCheckInterval")),
          .check_growth = static_cast<int>(settings.integer("transactionCheckGrowth")),
          .checks_max = static_cast<std::int32_t>(settings.integer("transactionCheckMax")),
          .keep = std::chrono::hours(settings.integer("fileReservedTime")),
          .reject = settings.boolean("rejectTransactionMessage")};
}

/// Apache's broker needs both keys, too.
bool light_dispatch(const Settings& settings) {
  return settings.boolean("enableLmq") && settings.boolean("enableMultiDispatch");
}

broker::TimerOptions timer_options(const Settings& settings) {
  return {.enabled = settings.boolean("timerWheelEnable"),
          .recall = settings.boolean("recallMessageEnable"),
          .max_delay = std::chrono::seconds(settings.integer("timerMaxDelaySec")),
          .precision = milliseconds(settings.integer("timerPrecisionMs"))};
}

broker::BrokerOptions core_options(const Settings& settings, const wire::record::Host& host,
                                   const broker::DelayLevels& levels) {
  const auto pages = static_cast<double>(::sysconf(_SC_PHYS_PAGES));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  return {
      .name = settings.text("brokerName"),
      .cluster = settings.text("brokerClusterName"),
      .id = settings.integer("brokerId"),
      .auto_create_topic = settings.boolean("autoCreateTopicEnable"),
      .auto_create_group = settings.boolean("autoCreateSubscriptionGroup"),
      .mixed_types = settings.boolean("enableMixedMessageType"),
      .check_message_types = settings.boolean("enableTopicMessageTypeCheck"),
      .default_topic_queues = static_cast<std::int32_t>(settings.integer("defaultTopicQueueNums")),
      .light_queues = settings.boolean("enableLmq"),
      .light_dispatch = light_dispatch(settings),
      .light_queues_max = static_cast<std::int32_t>(settings.integer("maxLmqConsumeQueueNum")),
      .duplicates_window = milliseconds(settings.integer("deduplicationWindow")),
      .duplicates_max = static_cast<std::size_t>(settings.integer("deduplicationEntriesMax")),
      .max_message_bytes = static_cast<std::int32_t>(settings.integer("maxMessageSize")),
      .region = settings.text("regionId"),
      .trace_on = settings.boolean("traceOn"),
      .property_filter = settings.boolean("enablePropertyFilter"),
      .delay_levels = levels,
      .transactions = transaction_options(settings),
      .timers = timer_options(settings),
      .timers_folder = settings.text("storePathRootDir") + "/timers",
      .memory_bytes = static_cast<std::int64_t>(pages * page * kMemoryShare),
      .damaged = settings.text("damagedMessages") == "skip" ? broker::Damaged::skip
                                                            : broker::Damaged::stop,
      .slave_read = settings.boolean("slaveReadEnable"),
      .store_host = host,
      .default_request_mode = default_request_mode(settings),
      .process = ::getpid(),
      .seed = std::random_device()()};
}

std::int32_t percent(const Settings& settings, const char* key) {
  return static_cast<std::int32_t>(settings.integer(key));
}

store::StoreOptions store_options(const Settings& settings, const wire::record::Host& host,
                                  const broker::DelayLevels& levels) {
  return {.root = settings.text("storePathRootDir"),
          .segment_bytes = settings.integer("mappedFileSizeCommitLog"),
          .index_file_bytes = settings.integer("mappedFileSizeConsumeQueue"),
          .tail_bytes = settings.integer("tailBytes"),
          .sync_flush = settings.text("flushDiskType") == "SYNC_FLUSH",
          .store_host = host,
          .keys = {.slots = static_cast<std::int32_t>(settings.integer("maxHashSlotNum")),
                   .entries = static_cast<std::int32_t>(settings.integer("maxIndexNum"))},
          .space = {.refuse_ratio = percent(settings, "diskSpaceWarningLevelRatio"),
                    .reserved_bytes = settings.integer("diskReservedBytes")},
          .compact_every = milliseconds(settings.integer("compactionScheduleInternal")),
          .compact_keys_bytes = settings.integer("maxOffsetMapSize"),
          .light_queues = light_dispatch(settings),
          .pass_over_damage = settings.text("damagedMessages") == "skip",
          .tags_code_of =
              broker::index_code(levels, milliseconds(settings.integer("timerPrecisionMs")))};
}

Result<store::Retention> retention_rules(const Settings& settings) {
  SLUICE_TRY(const std::uint32_t hours, store::parse_hours(settings.text("deleteWhen")));
  return store::Retention{.keep = std::chrono::hours(settings.integer("fileReservedTime")),
                          .hours = hours,
                          .clean_ratio = percent(settings, "diskMaxUsedSpaceRatio"),
                          .force_ratio = percent(settings, "diskSpaceCleanForciblyRatio"),
                          .log_bytes_max = settings.integer("logBytesMax")};
}

}  // namespace

Result<BrokerServiceOptions> broker_options(const Settings& settings) {
  SLUICE_CHECK(check_folders(settings));
  SLUICE_CHECK(check_sizes(settings));
  SLUICE_TRY(auto servers, endpoints(settings.text("namesrvAddr")));
  SLUICE_TRY(const net::Address address, store_address(settings));
  SLUICE_TRY(const store::Retention retention, retention_rules(settings));
  SLUICE_TRY(const auto levels, broker::DelayLevels::parse(settings.text("messageDelayLevel")));
  const wire::record::Host host{.address = address.bytes,
                                .v6 = address.v6,
                                .port = static_cast<std::int32_t>(settings.integer("listenPort"))};
  return BrokerServiceOptions{
      .broker = core_options(settings, host, levels),
      .store = store_options(settings, host, levels),
      .door = {.listen = listen_options(settings, "listenPort"),
               .store_host = host,
               .advertised = address.host() + ':' + std::to_string(host.port),
               .flush_timeout = milliseconds(settings.integer("syncFlushTimeout")),
               .slow_request = milliseconds(settings.integer("slowRequestMs")),
               .config_text = [text = settings.as_properties()] { return text; },
               .version_name = "Sluice 0.1.0",
               .server_load_balancer = settings.boolean("serverLoadBalancerEnable")},
      .host = settings.text("brokerIP1"),
      .name_servers = std::move(servers),
      .retention = retention,
      .cold_read_threads = static_cast<int>(settings.integer("coldReadThreads"))};
}

NameServiceOptions name_options(const Settings& settings) {
  const std::string& kv = settings.text("kvConfigPath");
  return {.listen = listen_options(settings, "namesrvListenPort"),
          .kv_path = kv.empty() ? settings.text("storePathRootDir") + "/namesrv/kvConfig.json" : kv,
          .config_text = [text = settings.as_properties()] { return text; }};
}

bool has_name_server(const Settings& settings) {
  return settings.integer("namesrvListenPort") != 0;
}

}  // namespace sluice::app
