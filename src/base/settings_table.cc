#include <array>
#include <iterator>

#include <fmt/format.h>

#include "base/settings.h"

namespace sluice {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kGiB = 1 << 30;
constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();

constexpr SettingRow text_key(std::string_view name, bool apache, std::string_view value,
                              std::string_view description) {
  return {name, SettingType::text, apache, value, description};
}

constexpr SettingRow boolean_key(std::string_view name, bool apache, std::string_view value,
                                 std::string_view description) {
  return {name, SettingType::boolean, apache, value, description};
}

struct Range {
  std::int64_t min;
  std::int64_t max;
  std::string_view unit;
};

constexpr SettingRow integer_key(std::string_view name, bool apache, std::string_view value,
                                 Range range, std::string_view description) {
  return {name, SettingType::integer, apache, value, description, range.min, range.max, range.unit};
}

constexpr SettingRow choice_key(std::string_view name, bool apache, std::string_view value,
                                std::string_view choices, std::string_view description) {
  SettingRow row{name, SettingType::choice, apache, value, description};
  row.choices = choices;
  return row;
}

constexpr bool kApache = true;
constexpr bool kOurs = false;

constexpr auto kRows = std::to_array<SettingRow>({
    integer_key("listenPort", kApache, "10911", {0, 65535, ""},
                "TCP port of the broker; 0 lets the system choose a free one"),
    integer_key("namesrvListenPort", kOurs, "9876", {0, 65535, ""},
                "TCP port of the built-in name server; 0 starts none"),
    text_key("bindAddress", kApache, "0.0.0.0", "Address that all ports listen on"),
    text_key("storePathRootDir", kApache, "./sluice-data", "Folder of the log, indexes and state"),
    choice_key("aclEnable", kApache, "false", "false",
               "Access control: there is none yet, and a start that asks for it is refused"),
    choice_key("authenticationEnabled", kApache, "false", "false", "The same"),
    choice_key("authorizationEnabled", kApache, "false", "false", "The same"),
    choice_key("brokerRole", kApache, "ASYNC_MASTER", "ASYNC_MASTER",
               "Replication: there is none yet, and a start that asks for it is refused"),
    choice_key("enableControllerMode", kApache, "false", "false", "The same"),
    choice_key("enableDLegerCommitLog", kApache, "false", "false", "The same"),
    choice_key("duplicationEnable", kApache, "false", "false", "The same"),
    text_key("storePathCommitLog", kApache, "",
             "The log's folder: `commitlog` in storePathRootDir; another one is refused"),
    text_key("storePathConsumeQueue", kApache, "",
             "The queue indexes' folder: `consumequeue` in storePathRootDir; another is refused"),
    text_key("storePathIndex", kApache, "",
             "The key index's folder: `index` in storePathRootDir; another one is refused"),
    text_key("kvConfigPath", kApache, "",
             "File of the name server's key-value configuration; empty for one in the data folder"),
    text_key("brokerName", kApache, "broker-a", "Name of this broker in routes"),
    text_key("brokerClusterName", kApache, "DefaultCluster", "Name of the cluster it belongs to"),
    integer_key("brokerId", kApache, "0", {0, kInt32Max, ""},
                "Number in its name; 0 is the master"),
    text_key("brokerIP1", kApache, "",
             "Address told to clients in routes; empty for the one that a client has used itself"),
    text_key("namesrvAddr", kApache, "",
             "Other name servers to register with, as host:port with ';' between them"),
    choice_key("flushDiskType", kApache, "ASYNC_FLUSH", "ASYNC_FLUSH|SYNC_FLUSH",
               "Whether a send is answered before or after its message is on the disk"),
    integer_key("syncFlushTimeout", kApache, "5000", {1, kInt32Max, "ms"},
                "Longest wait of a send for the disk, with SYNC_FLUSH"),
    boolean_key("autoCreateTopicEnable", kApache, "true",
                "Create a topic when a message for it arrives"),
    integer_key("deduplicationWindow", kOurs, "0", {0, 86'400'000, "ms"},
                "How long a message that a client sends again (same topic, UNIQ_KEY and body) is "
                "not stored twice; 0: never. Topics may differ: attribute dedup.window"),
    integer_key("deduplicationEntriesMax", kOurs, "250000", {1000, 100'000'000, "messages"},
                "Messages remembered for that, about 120 bytes each; more forget the oldest"),
    boolean_key("enableMixedMessageType", kApache, "false",
                "Whether a topic may have the attribute message.type=MIXED"),
    boolean_key(
        "enableTopicMessageTypeCheck", kApache, "false",
        "Refuse messages that are not of their topic's message.type; NORMAL if it has none"),
    boolean_key("autoCreateSubscriptionGroup", kApache, "true",
                "Create a consumer group when a consumer of it arrives"),
    integer_key("defaultTopicQueueNums", kApache, "8", {1, 1024, "queues"},
                "Queues of a topic that is created by a send, at most"),
    integer_key("compactionScheduleInternal", kApache, "900000", {100, kInt32Max, "ms"},
                "Time between two compactions of a queue (cleanup.policy=COMPACTION), at least"),
    integer_key("maxOffsetMapSize", kApache, "16777216", {1 << 20, kGiB, "bytes"},
                "Memory for the keys of one compaction, 24 bytes each; more keys take several"),
    boolean_key("enableLmq", kApache, "false",
                "Light message queues: topics named %LMQ%..., one queue each, there when named"),
    boolean_key("enableMultiDispatch", kApache, "false",
                "With enableLmq: a message also lies in the light queues it names "
                "(INNER_MULTI_DISPATCH)"),
    integer_key("maxLmqConsumeQueueNum", kApache, "20000", {1, 10'000'000, "queues"},
                "Light message queues that the broker has, at most"),
    integer_key("maxMessageSize", kApache, "4194304", {1, kInt32Max, "bytes"},
                "Largest message body"),
    text_key("messageDelayLevel", kApache,
             "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h",
             "Delays of the levels 1, 2, ... that messages can ask for, and of retries"),
    boolean_key("timerWheelEnable", kApache, "true",
                "Take messages that are to be delivered at a time (TIMER_DELIVER_MS and the like)"),
    integer_key("timerMaxDelaySec", kApache, "315360000", {1, 3'153'600'000, "s"},
                "How far ahead such a time may be; more is refused. Apache's default is 3 days"),
    integer_key("timerPrecisionMs", kApache, "1000", {1, 60'000, "ms"},
                "What an Apache broker that had this store before rounded times to; times are kept "
                "to the millisecond here"),
    boolean_key("recallMessageEnable", kApache, "true",
                "Let producers take timed messages back. Apache's default is false"),
    integer_key("transactionTimeOut", kApache, "6000", {0, kInt32Max, "ms"},
                "How long a producer has to end its transaction before it is asked"),
    integer_key("transactionCheckInterval", kApache, "30000", {1, kInt32Max, "ms"},
                "Time between two questions about the same transaction"),
    integer_key(
        "transactionCheckGrowth", kOurs, "100", {100, 1'000, "%"},
        "How long each further pause is, of the one before, up to an hour: with 200 a "
        "producer that is away is asked less and less often. Apache's pauses are all alike"),
    integer_key("transactionCheckMax", kApache, "15", {0, kInt32Max, "times"},
                "Unanswered questions after which a transaction is given up"),
    boolean_key("rejectTransactionMessage", kApache, "false", "Take no transactional messages"),
    integer_key("fileReservedTime", kApache, "72", {1, kInt32Max, "hours"},
                "How long messages are kept"),
    text_key("deleteWhen", kApache, "04",
             "Hours of the day in which log files past fileReservedTime go, with ';' between them"),
    integer_key("diskMaxUsedSpaceRatio", kApache, "75", {10, 95, "%"},
                "Use of the disk from which on such files go at once"),
    integer_key("diskSpaceCleanForciblyRatio", kApache, "85", {30, 95, "%"},
                "Use of the disk from which on the oldest files go, however young"),
    integer_key("diskSpaceWarningLevelRatio", kApache, "90", {35, 100, "%"},
                "Use of the disk from which on producers are refused"),
    integer_key("diskReservedBytes", kOurs, "134217728", {0, std::int64_t{1} << 50, "bytes"},
                "Free space below which producers are refused"),
    choice_key("damagedMessages", kOurs, "stop", "stop|skip",
               "Whether readers stop at a message that is damaged on the disk or go on behind it; "
               "it is never served"),
    integer_key("coldReadThreads", kOurs, "4", {1, 64, ""},
                "Threads that read what is not in memory any more, for consumers far behind"),
    boolean_key("slaveReadEnable", kApache, "false",
                "Send consumers that are far behind to the broker their group names for that "
                "(whichBrokerWhenConsumeSlowly)"),
    integer_key("logBytesMax", kOurs, "0", {0, std::numeric_limits<std::int64_t>::max(), "bytes"},
                "Size of all log files above which the oldest go; 0 for no limit"),
    integer_key("mappedFileSizeCommitLog", kApache, "1073741824", {kMiB, kGiB, "bytes"},
                "Size of a file of the log"),
    integer_key("mappedFileSizeConsumeQueue", kApache, "6000000", {20, kGiB, "bytes"},
                "Size of a file of a queue's index, which has 20 bytes per message"),
    integer_key("maxHashSlotNum", kApache, "5000000", {100, 100'000'000, "slots"},
                "Hash slots of a file of the key index, 4 bytes each"),
    integer_key("maxIndexNum", kApache, "20000000", {1000, 100'000'000, "entries"},
                "Entries of a file of the key index, 20 bytes each"),
    boolean_key("serverLoadBalancerEnable", kApache, "true",
                "Share queues out among a group's members when they leave that to the broker"),
    choice_key("defaultMessageRequestMode", kApache, "PULL", "PULL|POP",
               "How such members fetch messages, unless an administrator sets it for their group"),
    integer_key("defaultPopShareQueueNum", kApache, "-1", {-1, 1024, "members"},
                "With POP: of how many other members a member reads the queues too; -1 for all"),
    boolean_key("enablePropertyFilter", kApache, "true",
                "Whether consumers may choose messages by SQL92 expressions over their properties"),
    text_key("regionId", kApache, "DefaultRegion", "Region told to producers, for traces"),
    boolean_key("traceOn", kApache, "true", "Tell producers that they may write traces"),
    integer_key("reactors", kOurs, "0", {0, 1024, "threads"},
                "Network threads; 0 chooses by the number of processors"),
    choice_key("logLevel", kOurs, "info", "trace|debug|info|warn|error|off",
               "Least severe log lines that are written to standard error"),
    integer_key("slowRequestMs", kOurs, "100", {0, kInt32Max, "ms"},
                "Sends that take so long are counted and logged, with where their time went; 0: "
                "none"),
    integer_key("tailBytes", kOurs, "8388608", {kMiB, kGiB, "bytes"},
                "Memory for messages that are taken in and not yet written to the log"),
    integer_key("connectionsMax", kOurs, "10000", {1, 1000000, "connections"},
                "Open client connections; more are refused"),
    integer_key("connectionOutputBytesMax", kOurs, "8388608", {65536, kGiB, "bytes"},
                "Unsent answers of one connection before it is closed as too slow"),
});

std::string type_text(const SettingRow& row) {
  switch (row.type) {
    case SettingType::text: return "text";
    case SettingType::boolean: return "true or false";
    case SettingType::integer:
      return fmt::format("{} to {}{}{}", row.min, row.max, row.unit.empty() ? "" : " ", row.unit);
    case SettingType::choice: break;
  }
  std::string words;
  for (char c : row.choices) words += c == '|' ? std::string(", ") : std::string(1, c);
  return words;
}

constexpr std::string_view kHead =
    "# Configuration\n\n"
    "Keys are read from the file given with `-c`, as `key=value` lines; empty lines and lines "
    "that\n"
    "start with `#` or `!` are skipped. `--set key=value` on the command line wins over the file.\n"
    "An unknown key or a value out of its range stops the start with a message that names the "
    "line.\n"
    "This page is made from the table in `src/base/settings_table.cc`.\n\n"
    "| Key | Value | Default | Whose | What it does |\n"
    "|---|---|---|---|---|\n";

constexpr std::string_view kWithoutEffectHead =
    "\n## Apache's keys without effect\n\n"
    "A `broker.conf` may hold these keys. They are accepted with a warning and change nothing.\n\n";

}  // namespace

std::span<const SettingRow> setting_rows() { return kRows; }

std::string config_markdown() {
  std::string page(kHead);
  for (const SettingRow& row : kRows) {
    const std::string value =
        row.default_value.empty() ? "(empty)" : fmt::format("`{}`", row.default_value);
    fmt::format_to(std::back_inserter(page), "| `{}` | {} | {} | {} | {} |\n", row.name,
                   type_text(row), value, row.apache ? "Apache" : "Sluice", row.description);
  }
  page += kWithoutEffectHead;
  for (std::string_view key : keys_without_effect()) page += fmt::format("- `{}`\n", key);
  return page;
}

}  // namespace sluice
