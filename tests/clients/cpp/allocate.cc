#include <fstream>

#include <sluice/subscription.h>

#include "driver.h"

// allocate table=FILE: prints a "share" line for each line of a file of cases, as the Java driver's
// Allocate.java does, which says how such a line looks.
namespace driver {
namespace {

std::vector<std::string> split(std::string text, char separator) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (std::size_t end; (end = text.find(separator)) != std::string::npos; text.erase(0, end + 1)) {
    parts.push_back(text.substr(0, end));
  }
  parts.push_back(text);
  return parts;
}

std::vector<sluice::Queue> queues_of(const std::string& text) {
  std::vector<sluice::Queue> queues;
  for (const std::string& one : split(text, ',')) {
    const auto parts = split(one, ':');
    queues.push_back({parts[0], parts[1], nlohmann::json::parse(parts[2]).get<std::int32_t>()});
  }
  return queues;
}

sluice::Sharing rule_of(const std::string& name) {
  static const std::map<std::string, sluice::Sharing> rules{
      {"AVG", sluice::Sharing::average},
      {"AVG_BY_CIRCLE", sluice::Sharing::circle},
      {"CONSISTENT_HASH", sluice::Sharing::consistent_hash},
      {"MACHINE_ROOM", sluice::Sharing::machine_room},
      {"CONFIG", sluice::Sharing::manual},
      {"MACHINE_ROOM_NEARBY", sluice::Sharing::nearby_machine_room}};
  return rules.at(name);
}

}  // namespace

int allocate(const Args& args) {
  const auto room = [](const std::string& name) { return name.substr(0, name.find('@')); };
  std::ifstream table(args.text("table"));
  int number = 0;
  for (std::string text; std::getline(table, text); ++number) {
    auto columns = split(text, '\t');
    columns.resize(8);
    const std::vector<std::string> members = split(columns[5], ',');
    const std::vector<sluice::Queue> queues = queues_of(columns[6]);
    const auto share =
        sluice::share_of({columns[4], members, queues},
                         {.rule = rule_of(columns[0]),
                          .rooms = split(columns[3], ','),
                          .queues = queues_of(columns[7]),
                          .virtual_nodes = nlohmann::json::parse(columns[1]).get<int>(),
                          .room_of_broker = room,
                          .room_of_member = room,
                          .within = rule_of(columns[2])});
    std::string mine;
    if (share) {
      for (const sluice::Queue& q : *share) {
        mine += (mine.empty() ? "" : ",") + q.topic + ":" + q.broker + ":" + std::to_string(q.id);
      }
    }
    line("share", {{"case", number}, {"queues", mine}});
  }
  return 0;
}

}  // namespace driver
