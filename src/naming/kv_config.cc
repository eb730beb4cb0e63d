#include "naming/kv_config.h"

#include <mutex>
#include <utility>

namespace sluice::naming {

void KvConfig::put(std::string_view name_space, std::string_view key, std::string_view value) {
  std::unique_lock lock(mutex_);
  namespaces_[std::string(name_space)].insert_or_assign(std::string(key), std::string(value));
}

std::optional<std::string> KvConfig::get(std::string_view name_space, std::string_view key) const {
  std::shared_lock lock(mutex_);
  const auto pairs = namespaces_.find(name_space);
  if (pairs == namespaces_.end()) return std::nullopt;
  const auto value = pairs->second.find(key);
  if (value == pairs->second.end()) return std::nullopt;
  return value->second;
}

bool KvConfig::remove(std::string_view name_space, std::string_view key) {
  std::unique_lock lock(mutex_);
  const auto pairs = namespaces_.find(name_space);
  if (pairs == namespaces_.end()) return false;
  const auto value = pairs->second.find(key);
  if (value == pairs->second.end()) return false;
  pairs->second.erase(value);
  return true;
}

std::optional<KvConfig::Pairs> KvConfig::list(std::string_view name_space) const {
  std::shared_lock lock(mutex_);
  const auto pairs = namespaces_.find(name_space);
  if (pairs == namespaces_.end()) return std::nullopt;
  return pairs->second;
}

KvConfig::Namespaces KvConfig::snapshot() const {
  std::shared_lock lock(mutex_);
  return namespaces_;
}

void KvConfig::restore(Namespaces namespaces) {
  std::unique_lock lock(mutex_);
  namespaces_ = std::move(namespaces);
}

}  // namespace sluice::naming
