#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "broker/topics.h"
#include "store/message_store.h"

/// Light message queues: messages that name them (INNER_MULTI_DISPATCH) lie there, too. Rules of
/// the names and properties: wire/record/light_queues.h. A light queue's topic is there as soon as
/// somebody names it; it is in no snapshot, no route and no list.
namespace sluice::broker {

/// What one or several messages to append need beside them; reused.
struct Spread {
  std::vector<std::unique_ptr<store::LightQueues>> also;  ///< what Pending::also points to
  std::vector<std::shared_ptr<Topic>> topics;             ///< keep the queues alive
  std::vector<TopicQueue*> queues;                        ///< that grow, once each
  void clear();
};

/// Whether the message names light queues and all names are good. Errors: message_illegal, naming
/// what is wrong: a name without %LMQ%, one that names no folder, the same one twice; or that the
/// properties leave no room for the offsets.
Result<bool> names_light_queues(std::string_view properties);

/// Makes `pending` lie in the light queues that it names, too, where the options and its topic
/// allow it. Its size is to be computed afterwards. What INNER_MULTI_QUEUE_OFFSET it has is
/// replaced. `limited`: no more queues are made than the options allow. Errors: those of
/// names_light_queues, busy (the limit).
Result<void> spread(Topics& topics, bool limited, store::Pending& pending, Spread& into);

}  // namespace sluice::broker
