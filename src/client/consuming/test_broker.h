#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sluice/client.h>

#include "base/numbers.h"
#include "client/consuming/test_log.h"
#include "client/consuming/test_seen.h"
#include "client/test_server.h"
#include "wire/remoting/bodies/group.h"
#include "wire/remoting/bodies/heartbeat.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/pop.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"
#include "wire/remoting/response_code.h"

/// For tests only: a name server and a broker with one topic and one group, kept in memory.
namespace sluice::client {

/// Pulls get what is there; one that finds nothing is held for good. Pops give what is there, or
/// say at once that there is nothing. Offsets, members, locks and acknowledgements are kept;
/// nothing runs out. Any thread.
class TestBroker {
 public:
  explicit TestBroker(int queues, std::string topic = "t", std::string group = "g")
      : queues_(queues), topic_(std::move(topic)), group_(std::move(group)), log_(topic_) {
    namespace remoting = wire::remoting;
    names_.on(remoting::GetRoute::kCode, [this](const Command& request) {
      if (request.ext.get("topic") != topic_) return Reply{.code = remoting::kTopicNotExist};
      return TestServer::route({{"a", server.address()}}, queues_);
    });
    const auto on = [this](std::int32_t code, Reply (TestBroker::*handle)(const Command&)) {
      server.on(code, [this, handle](const Command& request) -> std::optional<Reply> {
        const std::lock_guard lock(mutex_);
        if (is_stranger(request.ext.get("topic"))) return Reply{.code = remoting::kTopicNotExist};
        return (this->*handle)(request);
      });
    };
    on(remoting::HeartBeat::kCode, &TestBroker::heartbeat);
    on(remoting::UnregisterClient::kCode, &TestBroker::unregister);
    on(remoting::GetConsumerList::kCode, &TestBroker::list);
    on(remoting::QueryConsumerOffset::kCode, &TestBroker::query);
    on(remoting::UpdateConsumerOffset::kCode, &TestBroker::update);
    on(remoting::GetMaxOffset::kCode, &TestBroker::last);
    server.on(remoting::GetMinOffset::kCode, offset(0));
    on(remoting::SearchOffset::kCode, &TestBroker::search);
    on(remoting::LockQueues::kCode, &TestBroker::lock_queues);
    on(remoting::ConsumerSendBack::kCode, &TestBroker::send_back);
    on(remoting::PopMessage::kCode, &TestBroker::pop);
    on(remoting::AckMessage::kCode, &TestBroker::ack);
    on(remoting::ChangeInvisibleTime::kCode, &TestBroker::change);
    server.on(remoting::UnlockQueues::kCode, Reply{});
    server.on(remoting::PullMessage::kCode, [this](const Command& request) {
      const std::lock_guard lock(mutex_);
      return pull(request);
    });
  }

  ClientOptions options(std::string instance = {}) {
    return {.name_servers = names_.address(),
            .instance = std::move(instance),
            .request_timeout = std::chrono::milliseconds(2'000)};
  }
  /// Messages of queue `queue`, with these bodies and a tag.
  void add(int queue, const std::vector<std::string>& bodies, const std::string& tag = {}) {
    const std::lock_guard lock(mutex_);
    for (const std::string& body : bodies) log_.add(queue, body, tag);
  }
  /// -1: nothing.
  std::int64_t committed(int queue) const {
    const std::lock_guard lock(mutex_);
    const auto found = offsets_.find({group_, queue});
    return found == offsets_.end() ? -1 : found->second;
  }
  void commit(int queue, std::int64_t offset) {
    const std::lock_guard lock(mutex_);
    offsets_[{group_, queue}] = offset;
  }
  /// The next pull of the queue hears that its place has moved there.
  void move(int queue, std::int64_t offset) {
    const std::lock_guard lock(mutex_);
    moved_[queue] = offset;
  }
  /// How many messages of the queue were given to anybody.
  std::int64_t given(int queue) const {
    const std::lock_guard lock(mutex_);
    return log_.given(queue);
  }
  std::size_t members() const {
    const std::lock_guard lock(mutex_);
    return members_.size();
  }
  std::vector<std::string> acknowledged() const { return copy(acknowledged_); }
  /// The topics that members of the group want, as the last heartbeat said.
  std::vector<std::string> wanted(const std::string& group) const {
    const std::lock_guard lock(mutex_);
    return wanted_.contains(group) ? wanted_.at(group) : std::vector<std::string>();
  }
  /// The last heartbeat's ConsumeType; -1: none came.
  std::int32_t consume_type() const { return copy(consume_type_); }
  std::string sent_back_origin() const { return copy(sent_back_origin_); }  ///< topic of the last
  std::vector<int> sent_back() const { return copy(sent_back_); }           ///< delay levels
  /// The invisible times that leases were changed to.
  std::vector<std::int64_t> changes() const { return copy(changes_); }

 private:
  using Command = wire::remoting::Command;
  bool is_stranger(std::string_view topic) const {
    return !topic.empty() && topic != topic_ && topic != "%RETRY%" + group_;
  }
  template <class T>
  T copy(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }
  static std::int64_t number(const Command& request, const char* field) {
    return parse_number<std::int64_t>(request.ext.get(field)).value_or(-1);
  }
  using Place = std::pair<std::string, int>;  ///< group and queue
  static Place place(const Command& request) {
    return {std::string(request.ext.get("consumerGroup")),
            static_cast<int>(number(request, "queueId"))};
  }
  static Reply offset(std::int64_t value) {
    return {.fields = {{"offset", std::to_string(value)}}};
  }
  Reply heartbeat(const Command& request) {
    const auto body = wire::remoting::HeartbeatBody::decode(request.body);
    if (!body || body->consumers.empty()) return {};
    members_.insert(body->client_id);
    for (const auto& consumer : body->consumers) {
      consume_type_ = consumer.consume_type;
      auto& topics = wanted_[consumer.group] = {};
      for (const auto& subscription : consumer.subscriptions) topics.push_back(subscription.topic);
    }
    return {};
  }
  Reply unregister(const Command& request) {
    members_.erase(std::string(request.ext.get("clientID")));
    return {};
  }
  Reply list(const Command&) {
    std::string ids;
    for (const std::string& id : members_) ids += (ids.empty() ? "\"" : ",\"") + id + '"';
    return {.body = R"({"consumerIdList":[)" + ids + "]}"};
  }
  Reply query(const Command& request) {
    const auto found = offsets_.find(place(request));
    if (found == offsets_.end()) return {.code = wire::remoting::kQueryNotFound};
    return offset(found->second);
  }
  Reply update(const Command& request) {
    offsets_[place(request)] = number(request, "commitOffset");
    return {};
  }
  Reply last(const Command& request) {
    return offset(log_.size(static_cast<int>(number(request, "queueId"))));
  }
  /// The message's number is its time.
  Reply search(const Command& request) { return offset(number(request, "timestamp")); }
  Reply lock_queues(const Command& request) {
    const auto body = wire::remoting::LockBody::decode(request.body);
    Buffer out;
    wire::json::Writer writer(out);
    writer.begin_object().key("lockOKMQSet").begin_array();
    for (const auto& q : body->queues)
      wire::remoting::write(writer, q.topic, q.broker_name, q.queue_id);
    writer.end().end();
    return {.body = std::string(as_text(out.bytes()))};
  }
  Reply send_back(const Command& request) {
    sent_back_.push_back(static_cast<int>(number(request, "delayLevel")));
    sent_back_origin_ = request.ext.get("originTopic");
    return {};
  }

  std::optional<Reply> pull(const Command& request) {
    const int queue = static_cast<int>(number(request, "queueId"));
    std::int64_t at = number(request, "queueOffset");
    const auto answer = [](std::int32_t code, std::int64_t next, std::string body = {}) {
      return Reply{.code = code,
                   .fields = {{"nextBeginOffset", std::to_string(next)},
                              {"minOffset", "0"},
                              {"maxOffset", std::to_string(next)},
                              {"suggestWhichBrokerId", "0"}},
                   .body = std::move(body)};
    };
    if (const auto moved = moved_.extract(queue)) {
      return answer(wire::remoting::kPullOffsetMoved, moved.mapped());
    }
    std::string body = log_.read(queue, at, number(request, "maxMsgNums"));
    if (body.empty()) return std::nullopt;
    return answer(0, at, std::move(body));
  }

  Reply pop(const Command& request) {
    for (int queue = 0; queue < queues_; ++queue) {
      std::int64_t& at = popped_[queue];
      const std::int64_t start = at;
      std::string body = log_.read(queue, at, number(request, "maxMsgNums"));
      if (body.empty()) continue;
      return {.fields = {{"popTime", "1000"},
                         {"invisibleTime", std::string(request.ext.get("invisibleTime"))},
                         {"reviveQid", "0"},
                         {"restNum", "0"},
                         {"startOffsetInfo",
                          "0 " + std::to_string(queue) + " " + std::to_string(start)}},
              .body = std::move(body)};
    }
    return {.code = wire::remoting::kPollingTimeout};
  }
  Reply ack(const Command& request) {
    acknowledged_.emplace_back(request.ext.get("extraInfo"));
    return {};
  }
  Reply change(const Command& request) {
    changes_.push_back(number(request, "invisibleTime"));
    return {.fields = {{"popTime", std::to_string(2'000 + changes_.size())},
                       {"invisibleTime", std::string(request.ext.get("invisibleTime"))},
                       {"reviveQid", "1"}}};
  }

  const int queues_;
  const std::string topic_, group_;
  mutable std::mutex mutex_;
  TestLog log_;
  std::map<Place, std::int64_t> offsets_;
  std::map<int, std::int64_t> moved_, popped_;
  std::set<std::string> members_;
  std::vector<std::string> acknowledged_;
  std::vector<int> sent_back_;
  std::string sent_back_origin_;
  std::map<std::string, std::vector<std::string>> wanted_;
  std::int32_t consume_type_ = -1;
  std::vector<std::int64_t> changes_;
  TestServer names_;

 public:
  TestServer server;  ///< the broker; ends before what it answers from
};

}  // namespace sluice::client
