#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "wire/record/record.h"

/// The life of a message, told from what the broker keeps anyway: the records that were made of it
/// (found by its unique key), the groups' progress and leases, and the log of their changes.
/// Nothing is sampled, and no message costs anything for it.
namespace sluice::broker {

class Broker;

struct LifeQuery {
  std::string_view unique_key;
  std::string_view topic;  ///< empty: all topics are searched
};

/// A record that was made of the message.
struct LifeRecord {
  enum class Role : std::uint8_t {
    message,  ///< in the topic it was sent to
    retry,    ///< given back by a member of `group`, to be delivered again
    dead,     ///< `group` failed too often
    delayed,  ///< waits, or has waited, for its time
    half,     ///< of a transaction
  };
  enum class Fate : std::uint8_t {
    none,
    waiting,    ///< delayed: its time has not come
    delivered,  ///< delayed: another record was made of it
    open,       ///< half: nobody has decided
    committed,  ///< half: another record was made of it
    dropped,    ///< half: rolled back, or given up
  };
  Role role = Role::message;
  Fate fate = Fate::none;
  std::string topic;
  std::string to;     ///< delayed, half: the topic it goes to
  std::string group;  ///< retry, dead: whose
  QueueId queue;
  wire::record::Placement placement;
  wire::record::Host born_host;
  std::int64_t born_ms = 0;
  std::int32_t size = 0, attempts = 0, checks = 0;
  std::int64_t due_ms = 0;  ///< delayed: when it is delivered
  LogPosition made_of;      ///< a delayed or half message's record, else 0
  std::string reason;       ///< dead: why
};

/// Where one group stands with one record.
struct LifeShare {
  enum class State : std::uint8_t {
    waiting,       ///< the group has not come to it
    consumed,      ///< the group's progress has passed it
    leased,        ///< a member has it until `until_ms`
    ready,         ///< it was given out before, and can be given out again
    acknowledged,  ///< taken one by one: finished
  };
  std::size_t record = 0;  ///< which of Life::records
  std::string group;
  State state = State::waiting;
  std::int64_t behind = 0;    ///< waiting: messages that come first
  std::int64_t since_ms = 0;  ///< leased: given out; consumed, acknowledged: about; 0: not known
  std::int64_t until_ms = 0;
  std::int32_t attempts = 0;         ///< leases that ended without an end to the message
  std::vector<std::string> members;  ///< client ids that are online and want the topic
};

struct Life {
  std::vector<LifeRecord> records;  ///< in the order in which they were stored
  std::vector<LifeShare> shares;
  /// False: a bound ended the search, so that records or times may be missing.
  bool complete = true;
};

inline constexpr std::size_t kLifeTopicsMax = 4'096;  ///< searched for one message
inline constexpr std::size_t kLifeLogMax = 20'000;    ///< records of each state log that are read

/// Bounded, and any thread: reads the key index and at most kLifeLogMax records of each log. No
/// record is no error. Errors: invalid_argument (no key; more topics than can be searched), those
/// of MessageStore::find_by_key.
Result<Life> find_life(Broker& broker, const LifeQuery& query);

}  // namespace sluice::broker
