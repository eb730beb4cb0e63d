#include "app/cli/commands.h"
#include "app/serve/demo.h"
#include "app/serve/serve.h"
#include "base/log.h"

namespace {

using sluice::app::ServeArguments;

void add_serve_command(CLI::App& cli, const char* name, const char* text,
                       int (*run)(const ServeArguments&), int& exit_code) {
  CLI::App* const command = cli.add_subcommand(name, text);
  const auto arguments = std::make_shared<ServeArguments>();
  command->add_option("-c,--config", arguments->config_file,
                      "Settings as key=value lines; an Apache broker.conf works");
  command
      ->add_option("--set", arguments->assignments,
                   "One setting, such as --set listenPort=10921; wins over the file")
      ->allow_extra_args(false);
  command->footer(std::string("Example: sluice ") + name +
                  " --set storePathRootDir=/var/lib/sluice\nEvery setting: docs/CONFIG.md");
  command->callback([arguments, run, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace

int main(int argc, char** argv) {
  sluice::log::set_level(sluice::log::Level::info);
  CLI::App cli("Sluice: a message broker for RocketMQ's clients", "sluice");
  cli.set_version_flag("--version", "sluice 0.1.0");
  cli.require_subcommand(1);
  int exit_code = 0;
  add_serve_command(cli, "serve", "Run name server and broker", sluice::app::serve, exit_code);
  add_serve_command(cli, "namesrv", "Run a name server alone", sluice::app::serve_names, exit_code);
  cli.add_subcommand("demo", "Start a server, send to it, read from it, and say what happened")
      ->callback([&exit_code] { exit_code = sluice::app::demo(); });
  sluice::app::add_cli_commands(cli, exit_code);
  return sluice::app::run_cli(cli, argc, argv, exit_code);
}
