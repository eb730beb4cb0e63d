#include "app/cli/life_text.h"

#include <limits>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "app/cli/table.h"
#include "app/cli/text.h"
#include "wire/json/reader.h"

namespace sluice::app {
namespace {

using nlohmann::json;
namespace read = wire::json;

/// A line of the story.
struct Event {
  std::string what, details;
};
/// By time, in ms; at the same time in the order in which they were added.
using Events = std::multimap<std::int64_t, Event>;
constexpr std::int64_t kTimeUnknown = std::numeric_limits<std::int64_t>::max();

void add(Events& events, std::int64_t ms, std::string what, std::string details) {
  events.emplace(ms > 0 ? ms : kTimeUnknown, Event{std::move(what), std::move(details)});
}

std::string place(const json& record) {
  return fmt::format("{} queue {} offset {}", read::text(record, "topic"),
                     read::integer(record, "queue"), read::integer(record, "offset"));
}

std::string stored_details(const json& record) {
  return fmt::format("{}; {} bytes at {} of commitlog/{}, {}", place(record),
                     read::integer(record, "size"), read::integer(record, "positionInFile"),
                     read::text(record, "file"),
                     read::boolean(record, "flushed") ? "flushed" : "not flushed yet");
}

std::string stored_as(const json& record) {
  const std::string role = read::text(record, "role");
  const std::string group = read::text(record, "group");
  if (role == "retry") {
    return fmt::format("to be retried by {}, time {}", group,
                       read::integer(record, "reconsumeTimes"));
  }
  if (role == "dead") return fmt::format("dead for {}", group);
  if (role == "delayed") return "put aside";
  if (role == "half") return "half stored";
  return read::integer(record, "madeOf") > 0 ? "delivered" : "stored";
}

void add_record(const json& record, Events& past, Events& ahead) {
  std::string details = stored_details(record);
  if (const auto reason = read::text(record, "reason"); !reason.empty()) details += "; " + reason;
  add(past, read::integer(record, "stored"), stored_as(record), std::move(details));
  const std::string fate = read::text(record, "fate"), to = read::text(record, "to");
  if (fate == "waiting") {
    add(ahead, read::integer(record, "due"), "due", "goes to " + to);
  } else if (fate == "open") {
    add(ahead, 0, "undecided",
        fmt::format("for {}; its producer was asked {} times", to,
                    read::integer(record, "checks")));
  } else if (fate == "dropped") {
    add(past, 0, "dropped", "the transaction was rolled back or given up");
  }
}

void add_share(const json& share, const json& record, Events& past, Events& ahead) {
  const std::string group = read::text(share, "group"), state = read::text(share, "state");
  const std::int64_t since = read::integer(share, "since"), until = read::integer(share, "until");
  std::string where = place(record);
  if (const auto attempts = read::integer(share, "attempts"); attempts > 0) {
    where += fmt::format("; {} earlier leases ran out", attempts);
  }
  if (state == "consumed" || state == "acknowledged") {
    add(past, since, fmt::format("{} by {}", state, group), where);
    return;
  }
  if (state == "leased") add(past, since, "leased to " + group, where);
  std::vector<std::string> members;
  for (const json& member : read::array(share, "members"))
    members.push_back(member.get<std::string>());
  const std::string online =
      members.empty() ? "nobody is online" : fmt::format("online: {}", fmt::join(members, ", "));
  if (state == "leased") {
    add(ahead, until, "lease ends", fmt::format("{}; {}", group, online));
  } else if (state == "ready") {
    add(ahead, 0, "can be leased by " + group, fmt::format("{}; {}", where, online));
  } else {
    add(ahead, 0, "waits for " + group,
        fmt::format("{}; {} messages come first; {}", where, read::integer(share, "behind"),
                    online));
  }
}

}  // namespace

std::string life_text(const json& life) {
  const json& records = read::array(life, "records");
  Events past, ahead;
  for (const json& record : records) {
    if (past.empty() && read::integer(record, "born") > 0) {
      add(past, read::integer(record, "born"), "born",
          fmt::format("{}, by its own clock", read::text(record, "bornHost")));
    }
    add_record(record, past, ahead);
  }
  for (const json& share : read::array(life, "groups")) {
    const auto index = static_cast<std::size_t>(read::integer(share, "record"));
    if (index < records.size()) add_share(share, records[index], past, ahead);
  }
  Table table({{"TIME"}, {"WHAT"}, {"WHERE"}});
  const auto show = [&table](const Events& events, const std::string& unknown) {
    for (const auto& [ms, event] : events) {
      table.row({ms == kTimeUnknown ? unknown : time_text(ms), event.what, event.details});
    }
  };
  show(past, "-");
  show(ahead, "now");
  std::string text = fmt::format("message {} at {}\n\n{}", read::text(life, "id"),
                                 read::text(life, "broker"), table.text());
  if (!read::boolean(life, "complete", true)) {
    text += "\nThe search ended at its bounds: times, or older records, may be missing.\n";
  }
  return text;
}

}  // namespace sluice::app
