#pragma once

#include <sluice/client.h>
#include <sluice/sluice.h>

/// What a sluice_client is made of.
struct sluice_client {
  explicit sluice_client(sluice::ClientOptions options) : client(std::move(options)) {}
  sluice::Client client;
};
