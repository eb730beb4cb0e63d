#include "base/errc.h"

#include <array>
#include <utility>

namespace sluice {
namespace {

using enum Errc;

// remoting_code: RocketMQ ResponseCode / RemotingSysResponseCode.
constexpr std::array kRows{
    ErrcRow{invalid_argument, "invalid_argument", "a parameter has a value that is not allowed", 29,
            false},
    ErrcRow{invalid_name, "invalid_name", "the name is empty, too long or has illegal characters",
            29, false},
    ErrcRow{malformed, "malformed", "the bytes are not what the protocol says", 1, false},
    ErrcRow{unsupported, "unsupported", "this server does not support the request", 3, false},
    ErrcRow{not_found, "not_found", "there is no such thing", 22, false},
    ErrcRow{already_exists, "already_exists", "it exists already", 18, false},
    ErrcRow{topic_not_found, "topic_not_found", "the topic does not exist", 17, false},
    ErrcRow{group_not_found, "group_not_found", "the consumer group does not exist", 26, false},
    ErrcRow{queue_out_of_range, "queue_out_of_range", "the topic has no queue of that number", 29,
            false},
    ErrcRow{offset_not_found, "offset_not_found", "no offset is stored", 22, false},
    ErrcRow{not_permitted, "not_permitted", "the operation is not permitted", 16, false},
    ErrcRow{message_illegal, "message_illegal", "the message breaks a rule", 13, false},
    ErrcRow{message_too_large, "message_too_large", "the message is larger than allowed", 13,
            false},
    ErrcRow{subscription_not_found, "subscription_not_found", "the group has no such subscription",
            24, true},
    ErrcRow{subscription_stale, "subscription_stale",
            "the broker's subscription is older than the request's", 25, true},
    ErrcRow{subscription_malformed, "subscription_malformed",
            "the filter expression cannot be parsed", 23, false},
    ErrcRow{disabled, "disabled", "the configuration switches it off", 1, false},
    ErrcRow{consumer_not_online, "consumer_not_online", "the group has no online consumer", 206,
            true},
    ErrcRow{busy, "busy", "a limit is reached", 2, true},
    ErrcRow{timed_out, "timed_out", "no answer came in time", 2, true},
    ErrcRow{closed, "closed", "the connection or service is closed", 14, true},
    ErrcRow{disk_full, "disk_full", "the disk is full", 14, true},
    ErrcRow{io_error, "io_error", "reading or writing a file failed", 1, false},
    ErrcRow{corrupt, "corrupt", "stored data is damaged", 1, false},
    ErrcRow{in_use, "in_use", "another process uses it", 1, true},
    ErrcRow{internal, "internal", "a bug in this program", 1, false},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (std::to_underlying(kRows[i].code) != i) return false;
  }
  return kRows.size() == std::to_underlying(internal) + 1;
}
static_assert(in_order(), "a row for every Errc, in the order of the enumerators");

}  // namespace

std::span<const ErrcRow> errc_rows() { return kRows; }

const ErrcRow& errc_row(Errc code) { return kRows[std::to_underlying(code)]; }

}  // namespace sluice
