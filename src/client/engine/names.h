#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sluice/message.h>

namespace sluice::client {

/// Topics and groups of a namespace, as Java's clients write them: `namespace%name`, and behind the
/// prefixes of retry and dead-letter topics. System topics have none. Pure. Source:
/// apache/rocketmq remoting/protocol/NamespaceUtil.java.
class Names {
 public:
  /// Without a namespace (empty) names stay what they are.
  explicit Names(std::string name_space) : name_space_(std::move(name_space)) {}

  /// As brokers know it; what has the namespace already stays as it is.
  std::string wrap(std::string_view name) const;
  /// As the program knows it.
  void strip(std::string& name) const;
  /// The same for the topics of queues.
  Queue wrap(Queue queue) const;
  std::vector<Queue> wrap(std::vector<Queue> queues) const;
  std::vector<Queue> stripped(std::vector<Queue> queues) const;
  const std::string& name_space() const { return name_space_; }

 private:
  bool has_it(std::string_view rest) const;
  const std::string name_space_;
};

}  // namespace sluice::client
