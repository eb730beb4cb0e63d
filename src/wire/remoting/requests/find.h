#pragma once

#include "wire/remoting/fields.h"

/// Requests for single messages: by where they lie, and by key.
namespace sluice::wire::remoting {

/// Answered with the record.
struct ViewMessage {
  static constexpr std::int32_t kCode = 33;
  static constexpr std::string_view kName = "VIEW_MESSAGE_BY_ID";
  std::int64_t position = 0;  ///< in the commit log
  using Wire = Fields<Required<"offset", &ViewMessage::position>>;
};

struct QueryMessage {
  static constexpr std::int32_t kCode = 12;
  static constexpr std::string_view kName = "QUERY_MESSAGE";
  std::string_view topic, key;
  std::int32_t max_messages = 0;
  std::int64_t begin = 0, end = 0;  ///< store time
  bool by_unique_key = false;       ///< the key is the id that clients give their messages
  using Wire = Fields<Required<"topic", &QueryMessage::topic>, Required<"key", &QueryMessage::key>,
                      Required<"maxNum", &QueryMessage::max_messages>,
                      Required<"beginTimestamp", &QueryMessage::begin>,
                      Required<"endTimestamp", &QueryMessage::end>,
                      Optional<"_UNIQUE_KEY_QUERY", &QueryMessage::by_unique_key>>;
};

/// Answers 12; the records follow.
struct QueryMessageResponse {
  std::int64_t index_ms = 0;        ///< store time of the last record that is in the index
  std::int64_t index_position = 0;  ///< and where it lies
  using Wire = Fields<Required<"indexLastUpdateTimestamp", &QueryMessageResponse::index_ms>,
                      Required<"indexLastUpdatePhyoffset", &QueryMessageResponse::index_position>>;
};

/// Sluice's own, as RocketMQ has no request for it: what became of a message. Answered with a JSON
/// object, see life_handlers.cc. Other brokers refuse the code.
struct MessageLife {
  static constexpr std::int32_t kCode = 730'001;
  static constexpr std::string_view kName = "SLUICE_MESSAGE_LIFE";
  std::string_view key;    ///< the message's unique id
  std::string_view topic;  ///< empty: all topics are searched
  using Wire = Fields<Required<"key", &MessageLife::key>, Optional<"topic", &MessageLife::topic>>;
};

}  // namespace sluice::wire::remoting
