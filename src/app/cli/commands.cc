#include "app/cli/commands.h"

namespace sluice::app {

void add_cli_commands(CLI::App& cli, int& exit_code) {
  add_topic_commands(cli, exit_code);
  add_produce_command(cli, exit_code);
  add_consume_command(cli, exit_code);
  add_message_commands(cli, exit_code);
  add_group_commands(cli, exit_code);
  add_dlq_commands(cli, exit_code);
  add_top_command(cli, exit_code);
  add_bench_commands(cli, exit_code);
  add_store_commands(cli, exit_code);
  add_config_command(cli, exit_code);
  cli.footer(
      "Exit status: 0 done; 1 refused or failed; 2 wrong command line; 3 nobody answers, or there "
      "is no such thing.");
}

int run_cli(CLI::App& cli, int argc, const char* const* argv, const int& exit_code) {
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return exit_code;
}

}  // namespace sluice::app
