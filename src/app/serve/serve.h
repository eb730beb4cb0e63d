#pragma once

#include <string>
#include <vector>

#include "base/settings.h"

/// The commands that run until they are told to stop. They give the process's exit code.
namespace sluice::app {

/// -c FILE and --set key=value, as the command line has them.
struct ServeArguments {
  std::string config_file;
  std::vector<std::string> assignments;
};

/// Name server and broker. Ends on SIGINT or SIGTERM, after everything is flushed.
int serve(const ServeArguments& arguments);

/// A name server alone.
int serve_names(const ServeArguments& arguments);

}  // namespace sluice::app
