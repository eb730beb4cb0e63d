#include <CLI/CLI.hpp>

#include "app/serve/serve.h"

namespace {

void add_serve_options(CLI::App& command, sluice::app::ServeArguments& arguments) {
  command.add_option("-c,--config", arguments.config_file,
                     "Settings as key=value lines; an Apache broker.conf works");
  command
      .add_option("--set", arguments.assignments,
                  "One setting, such as --set listenPort=10921; wins over the file")
      ->allow_extra_args(false);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Sluice: a message broker for RocketMQ's clients");
  app.set_version_flag("--version", "sluice 0.1.0");
  app.require_subcommand(1);
  sluice::app::ServeArguments arguments;

  CLI::App* const serve = app.add_subcommand("serve", "Runs name server and broker");
  add_serve_options(*serve, arguments);
  serve->footer("Example: sluice serve --set storePathRootDir=/var/lib/sluice");
  CLI::App* const names = app.add_subcommand("namesrv", "Runs a name server alone");
  add_serve_options(*names, arguments);

  CLI11_PARSE(app, argc, argv);
  if (serve->parsed()) return sluice::app::serve(arguments);
  return sluice::app::serve_names(arguments);
}
