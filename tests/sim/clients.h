#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/popping.h"
#include "delivery/members.h"
#include "world.h"

/// The clients of a run. Each acts by itself at its own times, and keeps in mind what it was told.
namespace sluice::sim {

class Client {
 public:
  explicit Client(World& world) : world_(world) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;
  /// Acts now and then from now on, until stop().
  void run(milliseconds pause_min, milliseconds pause_max);
  void stop() { stopped_ = true; }

 protected:
  virtual void act() = 0;
  World& world_;

 private:
  bool stopped_ = false;
};

/// Sends ordinary and delayed messages, several at a time.
class Producer final : public Client {
 public:
  using Client::Client;

 private:
  void act() override;
};

/// Sends messages for a time, and takes some of them back.
class TimedProducer final : public Client {
 public:
  using Client::Client;

 private:
  void act() override;
  milliseconds wait();
  void take_back(std::int64_t id, LogPosition at);
};

/// Sends half messages and ends them, by itself or when asked.
class Transactor final : public Client {
 public:
  Transactor(World& world, int number);

 private:
  class Asked;
  enum class Will : std::uint8_t { commit, rollback, silence };
  struct Half {
    std::int64_t offset = 0, position = 0;
    Will will = Will::commit;
    bool maybe_ended = false;  ///< an end was sent whose outcome is not known
  };
  void act() override;
  void end(std::int64_t id, bool asked);
  void hear(std::int64_t id, bool commit, Answer answer);
  void asked(const delivery::TransactionCheck& check);
  const std::string group_;
  std::map<std::int64_t, Half> halves_;  // by message id
  std::shared_ptr<Asked> link_;
};

/// Consumers that are to get every message once at least.
class Group : public Client {
 public:
  Group(World& world, std::string name) : Client(world), group_(std::move(name)) {}
  /// Everything that is in the log was given to the group.
  void settle();

 protected:
  /// What the group was given; nothing when it is damaged.
  std::optional<std::vector<wire::record::Decoded>> records(
      const std::vector<store::Slice>& slices);
  /// The message's id; nothing when nobody should have been given it.
  std::optional<std::int64_t> take(QueueKey from, const wire::record::Decoded& record);
  const std::string group_;

 private:
  std::set<std::int64_t> given_;
};

/// One group that reads every queue by pulling, with a reader for each, and commits.
class PullGroup final : public Group {
 public:
  PullGroup(World& world, std::string group);

 private:
  struct Reader {
    std::optional<std::int64_t> at;        ///< nothing: to be asked for
    std::int64_t highest = 0;              ///< ever committed, and not undone by a power cut
    std::optional<std::int64_t> promised;  ///< a commit that was answered
    int cuts = 0;
  };
  void act() override;
  bool begin(QueueKey queue, Reader& reader);
  void read(QueueKey queue, Reader& reader);
  void commit(QueueKey queue, Reader& reader);
  void restarted();
  std::map<QueueKey, Reader> readers_;
};

/// One group whose members pop.
class PopGroup final : public Group {
 public:
  PopGroup(World& world, std::string group);

 private:
  struct Lease {
    std::int64_t id = 0;
    WallTime stamp, deadline;
  };
  using Place = std::pair<QueueKey, std::int64_t>;
  void act() override;
  void took(int topic, WallTime stamp, milliseconds invisible, std::size_t count,
            const std::vector<store::Slice>& records);
  void took_one(Place place, std::int64_t id, WallTime stamp, milliseconds invisible);
  void finish(Place place, WallTime stamp);
  void put_off(Place place, WallTime stamp);
  void restarted();
  broker::PopBatch::Receipt receipt(const Place& place, WallTime stamp) const;
  std::vector<std::string> topics_;
  std::map<Place, Lease> leases_;
  std::set<Place> finished_;
  int cuts_ = 0;
};

}  // namespace sluice::sim
