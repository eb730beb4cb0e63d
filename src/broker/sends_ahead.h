#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "broker/known_topics.h"

namespace sluice::broker {

/// With very many topics what a send touches (a row of the table, the topic, the place of its
/// queue) is in no cache, and each says where the next is: one send after the other would wait for
/// all of them. So sends that are known already are told of here, and with each the ones before it
/// get a step further: this is asked for, and the topic looked for.
/// Thread: one reactor.
class SendsAhead {
 public:
  static constexpr std::size_t kSends = 8;  ///< so many are on the way

  explicit SendsAhead(const KnownTopics& topics) : topics_(topics) {}
  /// Whether it pays: there are so many that they are in no cache.
  bool worth_it() const { return topics_.size() > kMany; }
  /// The name must live until clear(). At most kSends are told of and not taken.
  void expect(std::string_view topic, QueueId queue);
  /// No other is known: those told of get a step further without.
  void go_on();
  /// The first that is not taken: its topic, or nullptr where it is not known. Good until
  /// KnownTopics::let_go(), which nobody may call between the first expect() and clear().
  Topic* take();
  void clear();

 private:
  struct Send {
    std::size_t hash = 0;
    std::string_view name;
    QueueId queue;
    Topic* topic = nullptr;
  };
  static constexpr std::size_t kMany = 500;
  static constexpr std::size_t kPlaces = 16;
  Send& told(std::size_t ago) { return sends_[(next_ - ago) % kPlaces]; }
  void step();

  const KnownTopics& topics_;
  std::array<Send, kPlaces> sends_;
  std::size_t next_ = 0, taken_ = 0;
};

}  // namespace sluice::broker
