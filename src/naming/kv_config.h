#pragma once

#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace sluice::naming {

/// Holds, per topic, how an ordered topic's queues spread: "broker-a:2;broker-b:2".
inline constexpr std::string_view kOrderTopicNamespace = "ORDER_TOPIC_CONFIG";

/// Keys and values in namespaces that operators leave at the name server. Thread-safe. Kept in
/// memory; who owns it stores snapshot() after each change.
class KvConfig {
 public:
  using Pairs = std::map<std::string, std::string, std::less<>>;
  using Namespaces = std::map<std::string, Pairs, std::less<>>;

  void put(std::string_view name_space, std::string_view key, std::string_view value);
  std::optional<std::string> get(std::string_view name_space, std::string_view key) const;
  /// False: there was no such key.
  bool remove(std::string_view name_space, std::string_view key);
  /// Nothing: no such namespace.
  std::optional<Pairs> list(std::string_view name_space) const;

  Namespaces snapshot() const;
  void restore(Namespaces namespaces);

 private:
  mutable std::shared_mutex mutex_;
  Namespaces namespaces_;
};

}  // namespace sluice::naming
