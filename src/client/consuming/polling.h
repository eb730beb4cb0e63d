#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <sluice/pull_consumer.h>

#include "client/consuming/member.h"

namespace sluice::client {

/// What a PullConsumer does: gives what its member has read when it is asked for. Reactor's thread
/// only, but for what is said otherwise.
class Polling final : public Member {
 public:
  Polling(std::shared_ptr<Core> core, PullConsumerOptions options);

  static Result<void> check(const PullConsumerOptions& options);

  using Done = std::move_only_function<void(Outcome<Batch>)>;
  void poll(std::size_t most, SteadyTime deadline, Done done);
  Task<Outcome<void>> commit_given();
  Task<Outcome<void>> commit_these(std::vector<Progress> offsets);
  Task<Outcome<void>> seek(Queue queue, Place place);
  void pause(const std::vector<Queue>& queues, bool on);
  Task<Outcome<std::int64_t>> position(Queue queue);
  Task<Outcome<std::int64_t>> committed(Queue queue);

  const PullConsumerOptions& options() const { return options_; }  ///< any thread

 private:
  struct Poll {
    std::size_t most = 1;
    SteadyTime deadline;
    Done done;
  };
  struct Given {
    ShelfPtr shelf;
    Batch batch;
  };

  void arrived() override;
  void changed(const std::vector<Queue>& gained, const std::vector<Queue>& lost) override;
  Task<void> wind_down() override;
  void consume_directly(ReceivedMessage message, Tell tell) override;
  int threads() const override { return 0; }

  void settle_given();
  Batch collect(std::size_t most);
  void finish(Outcome<Batch> outcome);
  Task<void> commit_one(Progress to, Outcome<void>& first);

  const PullConsumerOptions options_;
  std::optional<Poll> poll_;
  net::Timer deadline_;
  std::vector<Given> given_;  ///< by the last poll
  Queue served_last_;
};

}  // namespace sluice::client
