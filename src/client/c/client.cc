#include "client/c/client.h"

#include "client/c/guard.h"
#include "client/c/options.h"

using namespace sluice;

int sluice_client_new(const sluice_options* options, sluice_client** client) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(options && client, "options and client"); !there) return there;
    *client = new sluice_client(options->client);
    return {};
  });
}

void sluice_client_free(sluice_client* client) { delete client; }
