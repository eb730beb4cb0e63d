#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "broker/topics.h"

namespace sluice::broker {

/// With very many topics what a send touches (a row of the table, the topic, its place for the
/// queue, the queue) is in no cache, and each says where the next is: one send after the other
/// would wait for all of them. So sends that are known already are told of here, and with each the
/// ones before it get a step further. It only asks for memory: nothing depends on it.
/// Thread: one reactor.
class SendsAhead {
 public:
  static constexpr std::size_t kSends = 8;  ///< so many are on the way

  explicit SendsAhead(const Topics& topics) : topics_(topics) {}
  /// Whether it pays.
  bool worth_it() const { return topics_.many(); }
  /// The name must live until as many others were told of, or clear().
  void expect(std::string_view topic, QueueId queue);
  void clear();

 private:
  struct Send {
    std::size_t hash = 0;
    std::string_view name;
    QueueId queue;
    std::shared_ptr<Topic> topic;
  };
  Send& told(std::size_t ago) { return sends_[(next_ - ago) % kSends]; }

  const Topics& topics_;
  std::array<Send, kSends> sends_;
  std::size_t next_ = 0;
};

}  // namespace sluice::broker
