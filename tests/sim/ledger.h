#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "verdict.h"
#include "wire/record/record.h"

/// What clients know of messages, and what must therefore be in the log. Shares nothing with the
/// broker: it hears what clients were answered and what readers were given.
namespace sluice::sim {

enum class Kind : std::uint8_t {
  plain,
  unflushed,  ///< WAIT=false: its sender does not wait for the flush
  delayed,
  timed,
  half,  ///< of a transaction: a message when it is committed
};

/// A queue of a topic.
struct QueueKey {
  int topic = 0, queue = 0;
  friend auto operator<=>(const QueueKey&, const QueueKey&) = default;
};

struct Message {
  std::int64_t id = 0;
  Kind kind = Kind::plain;
  QueueKey to;
  WallTime due;          ///< nobody may get it before
  bool refused = false;  ///< its sender knows that it was not stored
  bool gone = false;     ///< a start did not find it, so nobody will
  bool lost = false;     ///< a half message that a power cut took, as it may
  bool commit_sent = false, rolled_back = false, ended = false;
  bool recall_sent = false;          ///< and what became of it may be unknown
  std::optional<WallTime> recalled;  ///< its sender was told that it is taken back, and when
  /// Its sender was told that it is stored (a half message: that its end is), and when.
  std::optional<WallTime> promised;
  bool weak = false;                   ///< promised without a flush
  std::optional<WallTime> half_known;  ///< its producer knows the half message's place, since
  std::optional<std::int64_t> offset;  ///< where a reader found it
};

/// The body of a message: whole, or damaged, as anybody can tell.
std::string body_of(std::int64_t id);
std::string key_of(std::int64_t id);
std::optional<std::int64_t> id_of(std::string_view body);

class Ledger {
 public:
  Ledger(Verdict& verdict, bool sync_flush, int queues);

  Message& add(Kind kind, QueueKey to, WallTime due);
  Message& at(std::int64_t id) { return messages_[static_cast<std::size_t>(id)]; }
  std::int64_t size() const { return static_cast<std::int64_t>(messages_.size()); }

  /// A sender was answered: stored there. A delayed one: stored, wherever it waits.
  void stored(std::int64_t id, std::optional<std::int64_t> offset, WallTime now);
  void committed(std::int64_t id, WallTime now);
  void rolled_back(std::int64_t id, WallTime now);

  void recalled(std::int64_t id, WallTime now);

  /// A reader was given the record. The id, or nothing when it should not have been.
  std::optional<std::int64_t> given(QueueKey from, const wire::record::Decoded& record,
                                    WallTime now);

  /// A flush has succeeded: what was promised until now is safe from a power cut.
  void flushed(WallTime now) { safe_ = now; }
  void power_cut();

  /// All of a queue, as a reader finds it from `min` on. After a power cut what is missing at its
  /// end is struck off, if it was not safe.
  void audit(QueueKey queue, std::int64_t min, const std::vector<wire::record::Decoded>& records,
             WallTime now);
  /// Everything that was promised has been found.
  void settle();
  std::int64_t end_of(QueueKey queue) const;

 private:
  struct Place {
    std::int64_t id = -1;  ///< -1: nobody knows
    WallTime known;
    bool weak = false;
  };
  using Places = std::vector<Place>;
  bool is_safe(WallTime since, bool weak) const;
  void know(QueueKey queue, std::int64_t offset, std::int64_t id, WallTime now, bool weak);
  void check_allowed(const Message& message, WallTime now);
  void strike_off(QueueKey queue, std::int64_t end);
  void note_gone(QueueKey queue);

  Verdict& verdict_;
  const bool sync_flush_;
  std::vector<Message> messages_;  ///< by id
  std::map<QueueKey, Places> places_;
  std::map<QueueKey, std::int64_t> min_;
  std::map<QueueKey, bool> cut_;              ///< power was cut since its last audit
  std::map<QueueKey, std::int64_t> audited_;  ///< messages below this id were there, or are gone
  WallTime safe_;
};

}  // namespace sluice::sim
