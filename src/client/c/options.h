#pragma once

#include <map>
#include <string>
#include <vector>

#include <sluice/producer.h>
#include <sluice/pull_consumer.h>
#include <sluice/push_consumer.h>
#include <sluice/simple_consumer.h>
#include <sluice/sluice.h>

/// What a program has set, already with its types.
struct sluice_options {
  sluice::ClientOptions client;
  sluice::ProducerOptions producer;
  sluice::PushConsumerOptions push;
  sluice::PullConsumerOptions pull;
  sluice::SimpleConsumerOptions simple;
};
