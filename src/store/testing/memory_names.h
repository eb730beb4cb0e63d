#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/testing/memory_node.h"

namespace sluice::store::testing {

/// The names on a MemoryDisk, by folder: a folder is synced or listed without a look at the others.
template <class Node>
class MemoryNames {
 public:
  using Files = std::map<std::string, std::shared_ptr<Node>, std::less<>>;  // by name

  std::shared_ptr<Node> find(std::string_view path) const {
    const auto [folder, name] = split(path);
    const auto files = by_folder_.find(folder);
    if (files == by_folder_.end()) return nullptr;
    const auto found = files->second.find(name);
    return found == files->second.end() ? nullptr : found->second;
  }

  void put(std::string_view path, std::shared_ptr<Node> node) {
    const auto [folder, name] = split(path);
    by_folder_[std::string(folder)][std::string(name)] = std::move(node);
  }

  /// The file, or all that is in the folder of that name, at any depth.
  void erase(const std::string& path) {
    const auto [folder, name] = split(path);
    if (const auto files = by_folder_.find(folder); files != by_folder_.end()) {
      files->second.erase(std::string(name));
    }
    by_folder_.erase(path);
    const std::string first = path + '/', last = path + static_cast<char>('/' + 1);
    by_folder_.erase(by_folder_.lower_bound(first), by_folder_.lower_bound(last));
  }

  Files& in(const std::string& folder) { return by_folder_[folder]; }
  std::vector<std::string> names_in(const std::string& folder) const {
    std::vector<std::string> names;
    const auto files = by_folder_.find(folder);
    if (files == by_folder_.end()) return names;
    for (const auto& [name, node] : files->second) names.push_back(name);
    return names;
  }

  /// Calls `fn(path, node)` for each; it may put another node there.
  template <class Fn>
  void each(Fn fn) {
    for (auto& [folder, files] : by_folder_) {
      for (auto& [name, node] : files) fn(folder + '/' + name, node);
    }
  }

 private:
  static std::pair<std::string_view, std::string_view> split(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {{}, path};
    return {path.substr(0, slash), path.substr(slash + 1)};
  }
  std::map<std::string, Files, std::less<>> by_folder_;
};

}  // namespace sluice::store::testing
