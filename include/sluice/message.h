#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Messages, as producers make them and as consumers get them.
namespace sluice {

/// One queue of a topic. Messages of a queue are in order; queues are what members of a group
/// share.
struct Queue {
  std::string topic;
  std::string broker;  ///< name, as the name server knows it
  std::int32_t id = 0;
  friend auto operator<=>(const Queue&, const Queue&) = default;
};

/// A message to send.
struct Message {
  std::string topic;
  std::string body;                 ///< 1 byte to 4 MiB
  std::string tag{};                ///< consumers may ask for some tags only
  std::vector<std::string> keys{};  ///< to find it by; without blanks
  std::vector<std::pair<std::string, std::string>> properties{};  ///< any text but 0x01 and 0x02
  /// Messages with the same one go to the same queue, so they are consumed in the order they were
  /// sent in. Empty: queues in turn.
  std::string sharding_key{};
  /// Not delivered before. Brokers round it up to their precision (a second or less). One of
  /// deliver_at, deliver_after and delay_level at most.
  std::optional<std::chrono::system_clock::time_point> deliver_at{};
  /// The same, counted from when the broker stores it.
  std::optional<std::chrono::milliseconds> deliver_after{};
  int delay_level = 0;  ///< 1 to 18, as the broker's messageDelayLevel says; 0: at once
};

enum class SendStatus : std::uint8_t {
  stored,             ///< as safely as the broker is configured to
  flush_timed_out,    ///< in the broker's memory; the disk was too slow
  replica_timed_out,  ///< at the master; the replica was too slow
  no_replica,         ///< at the master; no replica is there
};

/// Where a message was stored.
struct Receipt {
  Queue queue;
  std::int64_t offset = 0;     ///< in its queue
  std::string message_id;      ///< unique, made by the producer
  std::string offset_id;       ///< says where the message lies
  std::string transaction_id;  ///< of a half message
  std::string recall_handle;   ///< of a message with deliver_at or deliver_after: see recall()
  SendStatus status = SendStatus::stored;
};

/// A message that was received. Cheap to copy: copies share the bytes. The views are valid as long
/// as this message or a copy of it lives.
struct ReceivedMessage {
  std::string_view topic;
  std::string_view broker;
  std::int32_t queue_id = 0;
  std::int64_t offset = 0;
  std::string_view body;        ///< unpacked, if it was sent compressed
  std::string_view properties;  ///< all of them, `name 0x01 value 0x02` repeated
  std::chrono::system_clock::time_point born, stored;  ///< to the millisecond
  std::int32_t attempt = 0;                            ///< how often it was delivered before
  std::int32_t sys_flag = 0;                           ///< as stored
  std::int64_t position = 0;                           ///< in the broker's log
  std::string offset_id;                               ///< says where the message lies
  bool still_packed = false;  ///< compressed in a way this client does not know

  /// Empty when there is none.
  std::string_view property(std::string_view name) const;
  /// Name and value of each, in the sender's order.
  std::vector<std::pair<std::string_view, std::string_view>> all_properties() const;
  std::string_view tag() const;
  std::string_view keys() const;  ///< with blanks between them
  /// The sender's, or where the message lies if it gave none.
  std::string_view id() const;
  Queue queue() const { return {std::string(topic), std::string(broker), queue_id}; }

  std::shared_ptr<const void> owner;  ///< of the bytes
};

}  // namespace sluice
