#pragma once

#include "app/serve/broker_service.h"
#include "app/serve/name_service.h"
#include "base/settings.h"

/// From settings to what the services take. Errors name the key, the value and what is allowed.
namespace sluice::app {

Result<BrokerServiceOptions> broker_options(const Settings& settings);
NameServiceOptions name_options(const Settings& settings);

/// Whether serve runs a name server in its own process (namesrvListenPort is not 0).
bool has_name_server(const Settings& settings);

}  // namespace sluice::app
