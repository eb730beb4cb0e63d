#pragma once

#include "naming/values.h"
#include "wire/remoting/bodies/route.h"
#include "wire/remoting/bodies/topic_table.h"

/// The name server's values in the wire's form, and back. `local_host` stands in for brokers of
/// this process.
namespace sluice::doors {

wire::remoting::TopicRoute to_wire(const naming::TopicRoute& route, std::string_view local_host);
wire::remoting::ClusterInfo to_wire(const naming::ClusterInfo& info, std::string_view local_host);
wire::remoting::BrokerData to_wire(const naming::BrokerData& broker, std::string_view local_host);
wire::remoting::TopicList to_wire(naming::TopicList list, std::string_view local_host);

std::vector<naming::TopicEntry> entries_of(const wire::remoting::TopicTable& table);
naming::DataVersion from_wire(const wire::remoting::DataVersion& version);
wire::remoting::DataVersion to_wire(const naming::DataVersion& version);

}  // namespace sluice::doors
