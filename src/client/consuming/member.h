#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <sluice/subscription.h>

#include "client/consuming/interests.h"
#include "client/consuming/offset_keeper.h"
#include "client/consuming/shelf.h"
#include "client/engine/core.h"
#include "wire/remoting/bodies/running_info.h"

namespace sluice::client {

/// What consumers that read queues have in common, in the words of their options.
struct MemberSettings {
  std::string group;
  std::vector<Subscription> subscriptions;
  bool pushes = true;  ///< shown to brokers; only then messages come again from the retry topic
  bool assigned =
      false;           ///< queues come by assign(); subscriptions only say how those are filtered
  bool listed = true;  ///< as a member of its group, with offsets there
  bool orderly = false, broadcasting = false;
  StartAt start = StartAt::last;
  std::chrono::system_clock::time_point start_time;
  FlowLimits limits{}, total{};
  std::int32_t pull_batch = 32;
  SharingOptions sharing;
  bool commits = true;  ///< by itself, every commit_interval
  milliseconds commit_interval{5'000}, rebalance_interval{20'000}, shutdown_timeout{10'000};
  std::string offset_directory;

  /// Errors: invalid_argument, which names the option.
  Result<void> check() const;
};

/// A member of a group: knows its queues, reads them ahead, commits, takes part in sharing. What
/// becomes of the messages is up to the derived class. Reactor's thread only, but for what is said
/// otherwise.
class Member : public Participant, public std::enable_shared_from_this<Member> {
 public:
  Member(std::shared_ptr<Core> core, MemberSettings settings);

  void begin();
  Task<void> stop() final;
  void describe(wire::remoting::HeartbeatBody& heartbeat) const final;
  bool serve(const std::string& address, const Answer& request,
             const Remoting::Respond& respond) final;

  Task<void> subscribe(Subscription subscription);
  Task<void> unsubscribe(std::string topic);
  /// Exactly these queues; no share is computed from then on.
  Task<void> assign(std::vector<Queue> queues);

  std::vector<Queue> queues() const;  ///< any thread
  Core& core() { return *core_; }     ///< any thread
  bool stopping() const { return stopping_; }

 protected:
  // What the derived class does.
  virtual void arrived() = 0;  ///< messages came, or a queue may give again
  virtual void changed(const std::vector<Queue>& gained, const std::vector<Queue>& lost) = 0;
  /// stop() has begun: ends when nothing is in the program's hands, or the time for that is over.
  virtual Task<void> wind_down() = 0;
  /// One message for the program, whatever the progress; `tell` on this thread.
  using Tell = std::function<void(const client::Response&)>;
  virtual void consume_directly(ReceivedMessage message, Tell tell) = 0;
  virtual int threads() const = 0;  ///< for tools that ask

  // member.cc
  ShelfPtr find(const Queue& queue) const;
  std::vector<ShelfPtr> shelves() const;
  const std::map<Queue, ShelfPtr>& shelf_map() const { return shelves_; }
  std::string retry_topic() const;
  Task<void> commit(ShelfPtr shelf);
  Task<Result<void>> store(Queue queue, std::int64_t offset) {
    return offsets_.store(std::move(queue), offset);
  }
  Task<Result<std::int64_t>> stored(Queue queue) { return offsets_.load(std::move(queue)); }
  Result<void> flush_offsets() { return offsets_.flush(); }
  void suspend_reading(bool on);
  bool may_give(const Shelf& shelf) const;

  // reading.cc
  /// Another shelf takes its place, which begins at `next`; what is in hand counts no more.
  ShelfPtr replace(const ShelfPtr& old, std::int64_t next);
  /// The broker's answer: 30 (end), 31 (begin), 29 (by time).
  Task<Result<std::int64_t>> end_of(Queue queue);
  Task<Result<std::int64_t>> begin_of(Queue queue);
  Task<Result<std::int64_t>> offset_at(Queue queue, std::chrono::system_clock::time_point time);

  const std::shared_ptr<Core> core_;
  const MemberSettings settings_;

 private:
  // member.cc
  Task<void> keep_committed();
  Task<void> commit_all();
  template <class Loop>
  void run(Loop loop);
  std::int64_t next_version();
  Introduction introduction() const;

  // rebalancing.cc
  Task<void> keep_balanced();
  Task<bool> balance_all();
  Task<bool> balance(std::string topic);
  Task<Result<std::vector<Queue>>> share(std::string topic, std::vector<Queue> readable);
  Task<bool> take_over(std::string topic, std::vector<Queue> wanted);
  Task<Result<std::vector<std::string>>> members(std::string topic);
  Task<void> drop(ShelfPtr shelf);
  void publish_queues();

  // locking.cc
  Task<void> keep_locked();
  Task<Result<void>> lock(std::vector<ShelfPtr> shelves);
  Task<void> unlock(ShelfPtr shelf);
  bool lock_holds(const Shelf& shelf) const;

  // reading.cc
  void start_reading(const ShelfPtr& shelf);
  Task<void> read(ShelfPtr shelf, int reader);
  bool may_read(const Shelf& shelf) const;
  Task<Result<std::int64_t>> first_offset(Queue queue);
  Task<Result<void>> pull(ShelfPtr shelf, int reader);
  Result<void> take_in(Shelf& shelf, Answer answer, const Subscription& subscription);
  Task<Result<void>> go_on(ShelfPtr shelf, Answer answer);
  static Result<std::int64_t> next_offset(const Answer& answer);
  Task<Result<std::int64_t>> ask_offset(Queue queue, int code, std::int64_t time_ms);

  // serving.cc
  Task<void> reset(std::map<Queue, std::int64_t> offsets);
  void serve_directly(Answer request, const Remoting::Respond& respond);
  wire::remoting::RunningInfo running_info() const;
  std::string status_body(std::string_view topic) const;

  Interests interests_;
  std::int64_t version_ = 0;
  const SteadyTime began_;
  OffsetKeeper offsets_;
  std::map<Queue, ShelfPtr> shelves_;
  std::vector<Queue> assigned_;
  bool is_assigned_, reading_suspended_ = false;
  mutable std::mutex queues_mutex_;
  std::vector<Queue> queues_;  ///< under queues_mutex_
  Alarm rebalance_, commit_, lock_;
  Latch loops_, stops_;
  bool stopping_ = false;
};

}  // namespace sluice::client
