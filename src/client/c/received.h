#pragma once

#include <sluice/message.h>
#include <sluice/sluice.h>

/// What a sluice_received is made of.
struct sluice_received {
  sluice::ReceivedMessage message;
};
