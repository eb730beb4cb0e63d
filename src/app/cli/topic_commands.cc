#include <algorithm>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/cli/commands.h"
#include "app/cli/internal_topics.h"
#include "app/cli/session.h"
#include "app/cli/table.h"
#include "app/cli/text.h"
#include "app/cli/topic_text.h"

namespace sluice::app {
namespace {

using client::Cluster;
using client::TopicConfig;
using json = nlohmann::ordered_json;

struct CreateOptions {
  ConnectOptions connect;
  std::string topic, cluster, perm = "rw";
  std::int32_t queues = 8;
  bool order = false, update = false;
  std::vector<std::string> attributes;  // name=value
};
struct ListOptions {
  ConnectOptions connect;
  bool all = false, as_json = false;
};
struct TopicOptions {
  ConnectOptions connect;
  std::string topic;
  bool as_json = false, yes = false;
};

Result<void> create(const CreateOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  Cluster& cluster = session->cluster();
  SLUICE_TRY(const auto attributes, parse_pairs("--attribute", options.attributes));
  auto existing = cluster.route(options.topic);
  if (!existing && existing.error().code() != Errc::topic_not_found) {
    return fail(std::move(existing.error()));
  }
  if (existing && !options.update) {
    return fail(Errc::already_exists,
                fmt::format("topic {} exists already; --update changes it", options.topic));
  }
  SLUICE_CHECK(cluster.put_topic({.name = options.topic,
                                  .read_queues = options.queues,
                                  .write_queues = options.queues,
                                  .perm = perm_bits(options.perm),
                                  .order = options.order,
                                  .attributes = attributes},
                                 options.cluster));
  fmt::print("{} topic {}: {} queues per broker, {}\n", existing ? "changed" : "created",
             options.topic, options.queues, options.perm);
  return {};
}

Result<void> list(const ListOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  Cluster& cluster = session->cluster();
  SLUICE_TRY(const std::vector<std::string> names, cluster.topics());
  SLUICE_TRY(const client::ClusterInfo info, cluster.info());
  Table table({{"TOPIC"}, {"BROKERS"}, {"QUEUES", Table::Align::right}, {"PERM"}});
  json out = json::array();
  for (const std::string& name : names) {
    if (!options.all && is_internal(name, info)) continue;
    const auto route = cluster.route(name);
    if (!route) continue;  // deleted since, or registered by nobody who is alive
    std::vector<std::string> brokers;
    std::int32_t queues = 0, perm = 0;
    for (const client::QueueData& data : route->queues) {
      brokers.push_back(data.broker_name);
      queues += data.write_queues;
      perm |= data.perm;
    }
    std::ranges::sort(brokers);
    table.row({name, fmt::format("{}", fmt::join(brokers, ",")), std::to_string(queues),
               std::string(perm_word(perm))});
    out.push_back(
        {{"topic", name}, {"brokers", brokers}, {"queues", queues}, {"perm", perm_word(perm)}});
  }
  fmt::print("{}", options.as_json ? json_text(out) + '\n' : table.text());
  return {};
}

Result<void> describe(const TopicOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  return describe_topic(session->cluster(), options.topic, options.as_json);
}

Result<void> remove(const TopicOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  SLUICE_TRY(const client::TopicRoute route, session->cluster().route(options.topic));
  if (!options.yes) {
    if (isatty(STDIN_FILENO) == 0) {
      return fail(Errc::invalid_argument,
                  "deleting a topic deletes its messages; say --yes to do it without being asked");
    }
    fmt::print(stderr, "Delete topic {} with its messages on {} broker(s)? [y/N] ", options.topic,
               route.brokers.size());
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "yes") return fail(Errc::not_permitted, "not deleted");
  }
  SLUICE_CHECK(session->cluster().delete_topic(options.topic));
  fmt::print("deleted topic {}\n", options.topic);
  return {};
}

void add_create(CLI::App& topic, int& exit_code) {
  auto options = std::make_shared<CreateOptions>();
  CLI::App* verb = topic.add_subcommand("create", "Make a topic, or change one with --update");
  verb->add_option("topic", options->topic, "Name")->required();
  verb->add_option("-q,--queues", options->queues, "Queues on each broker")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_option("-p,--perm", options->perm, "What clients may do")
      ->check(CLI::IsMember({"r", "w", "rw"}))
      ->capture_default_str();
  verb->add_option("-c,--cluster", options->cluster, "Only on the brokers of this cluster");
  verb->add_option("-a,--attribute", options->attributes, "RocketMQ attribute: name=value")
      ->allow_extra_args(false);
  verb->add_flag("--order", options->order, "Mark the topic as ordered");
  verb->add_flag("--update", options->update, "Change the topic when it exists");
  add_connect_options(*verb, options->connect);
  verb->footer("Example: sluice topic create orders --queues 16");
  verb->callback([options, &exit_code] { exit_code = exit_status(create(*options)); });
}

void add_list(CLI::App& topic, int& exit_code) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* verb = topic.add_subcommand("list", "Show the topics of all clusters");
  verb->add_flag("--all", options->all, "Also those that brokers and groups make for themselves");
  verb->add_flag("--json", options->as_json, "For scripts: an array of objects");
  add_connect_options(*verb, options->connect);
  verb->callback([options, &exit_code] { exit_code = exit_status(list(*options)); });
}

void add_describe(CLI::App& topic, int& exit_code) {
  auto options = std::make_shared<TopicOptions>();
  CLI::App* verb = topic.add_subcommand("describe", "Show a topic's brokers, queues and offsets");
  verb->add_option("topic", options->topic, "Name")->required();
  verb->add_flag("--json", options->as_json, "For scripts: one object");
  add_connect_options(*verb, options->connect);
  verb->callback([options, &exit_code] { exit_code = exit_status(describe(*options)); });
}

void add_delete(CLI::App& topic, int& exit_code) {
  auto options = std::make_shared<TopicOptions>();
  CLI::App* verb = topic.add_subcommand("delete", "Delete a topic with its messages");
  verb->add_option("topic", options->topic, "Name")->required();
  verb->add_flag("-y,--yes", options->yes, "Do not ask");
  add_connect_options(*verb, options->connect);
  verb->callback([options, &exit_code] { exit_code = exit_status(remove(*options)); });
}

}  // namespace

void add_topic_commands(CLI::App& cli, int& exit_code) {
  CLI::App* topic = cli.add_subcommand("topic", "Make, show and delete topics");
  topic->require_subcommand(1);
  add_create(*topic, exit_code);
  add_list(*topic, exit_code);
  add_describe(*topic, exit_code);
  add_delete(*topic, exit_code);
}

}  // namespace sluice::app
