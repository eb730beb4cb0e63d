#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "delivery/filter_key.h"
#include "delivery/subscription.h"

/// Who consumes and who produces: the members of groups, by heartbeat and by connection.
namespace sluice::delivery {

/// Which half message, in the terms of the protocol that asks. Views live for the call.
struct TransactionCheck {
  QueueOffset half;
  LogPosition position;
  std::string_view unique_key;
  std::string_view offset_id;  ///< says where the record lies
  Bytes record;                ///< the half message, with the topic it is to go to
};

/// The way to a client's connection, implemented by a door. Identity: the pointer. Any thread may
/// call.
class Link {
 public:
  virtual ~Link() = default;
  /// The group's members or subscriptions changed: the client should rebalance at once.
  virtual void members_changed(std::string_view group) = 0;
  /// A producer is asked what has become of its transaction.
  virtual void check_transaction(const TransactionCheck& check) { static_cast<void>(check); }
};

enum class ConsumeType : std::uint8_t { actively, passively, pop };
enum class MessageModel : std::uint8_t { broadcasting, clustering };

/// What a client says about itself and one of its groups in a heartbeat.
struct Hello {
  std::string client_id;
  std::string address;  ///< peer address, for people
  std::string language;
  std::int32_t version = 0;
  std::string group;
  ConsumeType type = ConsumeType::passively;
  MessageModel model = MessageModel::clustering;
  std::string from_where;  ///< informational
  std::vector<Subscription> subscriptions;
  bool notify = true;  ///< false: the group wants nobody told of changes
};

struct Member {
  std::string client_id;
  std::string address;
  std::string language;
  std::int32_t version = 0;
  ConsumeType type = ConsumeType::passively;
  MessageModel model = MessageModel::clustering;
  std::string from_where;
  SteadyTime seen;
  std::weak_ptr<Link> link;
  Subscriptions subscriptions;
  std::string wants;  ///< key of the subscriptions; empty when it does not share queues
};

/// Two members of a group that want different messages, and one topic in which they differ.
struct Contradiction {
  struct Side {
    std::string client_id;
    std::string expression;  ///< empty: the topic is not subscribed to
  };
  std::string topic;
  Side one, other;
};

/// The consumers of every group of this broker. Thread-safe (one mutex, held briefly; links are
/// called without it). Times are passed in.
class ConsumerGroups {
 public:
  /// Adds or refreshes the member that `link` is in the group. True when members or subscriptions
  /// changed; then every member's link has been told, but for broadcasting groups.
  bool hello(const std::shared_ptr<Link>& link, Hello hello, SteadyTime now);
  /// A heartbeat without content: true when the link is known in some group (its members stay
  /// alive).
  bool refresh(const Link* link, SteadyTime now);
  /// The member leaves; the others are told.
  void leave(const Link* link, std::string_view group);
  /// The connection is gone: it leaves all its groups.
  void disconnected(const Link* link);
  /// Members not heard of for `silence` leave. Gives how many.
  int expire(SteadyTime now, milliseconds silence);

  /// Client ids of the group in no particular order; empty when there is none.
  std::vector<std::string> client_ids(std::string_view group) const;
  std::vector<Member> members(std::string_view group) const;
  std::optional<MessageModel> model(std::string_view group) const;
  std::vector<std::string> groups() const;
  /// Groups with a member subscribed to the topic.
  std::vector<std::string> groups_of_topic(std::string_view topic) const;
  /// Those with whom the member behind `link` shares queues: they want, with the same filters, all
  /// that it wants. So whatever a member leaves to others somebody of them takes. For strangers,
  /// and while all members want the same: all.
  std::vector<std::string> peers(const Link* link, std::string_view group) const;

  /// Whether members of any group want different things. Cheap.
  bool any_split() const { return split_groups_.load(std::memory_order_relaxed) > 0; }
  /// How many groups that is true of.
  int split_groups() const { return split_groups_.load(std::memory_order_relaxed); }
  /// An example of how members of the group differ; nothing when they all want the same.
  std::optional<Contradiction> contradiction(std::string_view group) const;

  /// Who reads a topic, by filter.
  struct Variants {
    bool member = false;  ///< `link` is a member
    /// Key of its filter; nothing when it does not want the topic. Also of one that has taken leave
    /// and whose connection still stands: clients store their progress after that.
    std::optional<std::string> own;
    std::vector<std::string> live;  ///< keys of all members, sorted, each once
  };
  /// For the group's retry topic keys are those of whole members.
  Variants variants(const Link* link, std::string_view group, std::string_view topic) const;
  std::shared_ptr<const Subscriptions> subscriptions(const Link* link,
                                                     std::string_view group) const;

  std::shared_ptr<Link> link_of(std::string_view group, std::string_view client_id) const;

  enum class Lookup : std::uint8_t { found, no_group, no_topic };
  struct Found {
    Lookup lookup = Lookup::no_group;
    std::shared_ptr<const Subscription> subscription;
    MessageModel model = MessageModel::clustering;
  };
  /// The subscription of the member behind `link`; when that connection has sent no heartbeat for
  /// the group, the newest subscription any member has for the topic.
  Found subscription(const Link* link, std::string_view group, std::string_view topic) const;

 private:
  struct Group {
    MessageModel model = MessageModel::clustering;
    bool notify = true;
    bool split = false;  ///< members want different things
    std::unordered_map<const Link*, Member> members;
  };
  using Links = std::vector<std::shared_ptr<Link>>;
  using GroupTable = std::map<std::string, Group, std::less<>>;
  /// Whom to tell of one group's change, once the mutex is free.
  struct Notice {
    std::string group;
    Links links;
  };
  static bool update(Member& member, Hello&& hello);
  /// After each change of members or subscriptions.
  void recount(Group& group);
  static void tell(const Links& links, std::string_view group);
  /// Those to tell of a change: none when the group is broadcasting.
  static Links links_of(const Group& group);
  /// Erases the group when nobody is left; notes whom to tell otherwise.
  GroupTable::iterator after_leave(GroupTable::iterator group, std::vector<Notice>& notices);

  /// What the member's filter is called in the topic; nothing when it does not want it.
  static std::optional<std::string> filter_of(const Member& member, std::string_view topic);

  mutable std::mutex mutex_;
  GroupTable groups_;
  /// Who took leave, by connection and group, until the connection goes.
  std::unordered_map<const Link*, std::map<std::string, Member, std::less<>>> left_;
  std::atomic<int> split_groups_{0};
};

/// Who produces, by group. Thread-safe.
class ProducerGroups {
 public:
  struct Producer {
    std::string client_id, address, language;
    std::int32_t version = 0;
    SteadyTime seen;
    std::weak_ptr<Link> link;
  };
  void hello(const std::shared_ptr<Link>& link, std::string_view group, Producer producer);
  void leave(const Link* link, std::string_view group);
  void disconnected(const Link* link);
  int expire(SteadyTime now, milliseconds silence);
  std::vector<Producer> producers(std::string_view group) const;
  /// One of the group's connections, another one each time; null when there is none.
  std::shared_ptr<Link> pick(std::string_view group);
  /// A connection of the client, whatever it produces; null when there is none. O(producers).
  std::shared_ptr<Link> link_of(std::string_view client_id) const;
  std::vector<std::string> groups() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unordered_map<const Link*, Producer>, std::less<>> groups_;
  std::size_t picked_ = 0;
};

}  // namespace sluice::delivery
