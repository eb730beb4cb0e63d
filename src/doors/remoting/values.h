#pragma once

#include "broker/groups.h"
#include "broker/topics.h"
#include "wire/remoting/bodies/group.h"
#include "wire/remoting/bodies/topic_table.h"

/// The broker's configuration values in the wire's form, and back.
namespace sluice::doors {

wire::remoting::TopicConfig to_wire(const broker::TopicConfig& config);
broker::TopicConfig from_wire(wire::remoting::TopicConfig config);
wire::remoting::GroupConfig to_wire(const broker::GroupConfig& config);
broker::GroupConfig from_wire(wire::remoting::GroupConfig config);
wire::remoting::DataVersion to_wire(const broker::DataVersion& version);

/// All topics of a broker, as it registers them.
wire::remoting::TopicTable topic_table(const broker::Topics& topics);

}  // namespace sluice::doors
