#pragma once

#include <map>
#include <string>

#include "client/engine/core.h"
#include "wire/json/reader.h"

namespace sluice::client {

/// Where a group has got to in each queue: at the brokers, or for broadcasting members in a file of
/// the form Java's clients write (client/consumer/store/LocalFileOffsetStore.java). Reactor's
/// thread only.
class OffsetKeeper {
 public:
  /// `file` empty: at the brokers.
  OffsetKeeper(Core& core, std::string group, std::string file);

  /// -1 when none is stored. Errors: those of the broker.
  Task<Result<std::int64_t>> load(Queue queue);
  /// Errors: those of the broker.
  Task<Result<void>> store(Queue queue, std::int64_t offset);
  /// Writes the file, if there is one and something was stored. Errors: io_error.
  Result<void> flush();

  static std::string file_of(const std::string& directory, const std::string& client_id,
                             const std::string& group);

 private:
  void read_file();
  void take_in(const wire::json::Value& file);
  Result<void> write_file() const;

  Core& core_;
  const std::string group_, file_;
  std::map<Queue, std::int64_t> local_;
  bool dirty_ = false;
};

}  // namespace sluice::client
