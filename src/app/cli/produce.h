#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "app/cli/reach.h"
#include "base/result.h"

/// What `sluice produce` was told, and doing it.
namespace sluice::app {

struct ProduceOptions {
  ReachOptions reach;
  std::string topic, tag, group = "sluice_producers";
  std::vector<std::string> keys;
  std::vector<std::string> properties;  ///< name=value
  std::string sharding_key, key_separator;
  std::string deliver_at, deliver_after;
  std::string transaction;  ///< commit, rollback, or leave; empty: none
  std::string compression = "zlib";
  std::int64_t delay_level = 0, batch = 1, in_flight = 1, linger_ms = 0, retries = 2;
  std::int64_t compress_above = 4'096, create_queues = 4;
  bool as_json = false, create = true, trace = false;
};

/// Sends the lines of `in`. Errors: invalid_argument for what the options say, and what a send
/// failed with; that names the line.
Result<void> produce(const ProduceOptions& options, std::istream& in);

}  // namespace sluice::app
