#include "client/engine/routes.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/os/system_clock.h"
#include "client/engine/call.h"
#include "wire/remoting/requests/names.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {
/// The topic whose route new topics are made by; brokers that allow that have it.
constexpr std::string_view kModelTopic = "TBW102";
/// A name server that has just started knows no topic before their brokers have told it. So a known
/// route is believed so long against its word; brokers refuse what is gone by themselves.
constexpr milliseconds kBelieved{30'000};
}  // namespace

Routes::Routes(Remoting& remoting, std::vector<std::string> name_servers, milliseconds timeout,
               std::function<void()> changed)
    : remoting_(remoting),
      name_servers_(std::move(name_servers)),
      timeout_(timeout),
      changed_(std::move(changed)) {}

Task<Result<TopicRoute>> Routes::ask(std::string topic) {
  GetRoute request;
  request.topic = topic;
  request.standard_json = true;
  std::vector<std::string> reasons;
  SLUICE_CO_CHECK(co_await name_servers());
  const std::size_t count = name_servers_.size();
  for (std::size_t i = 0; i < count && !name_servers_.empty(); ++i) {
    const std::size_t server = std::min(current_, name_servers_.size() - 1);
    const std::string address = name_servers_[server];
    auto answer = co_await call(remoting_, address, request, {}, timeout_);
    if (answer) {
      SLUICE_CO_CHECK(check(*answer));
      co_return TopicRoute::decode(answer->command.body);
    }
    reasons.emplace_back(answer.error().remark());
    // Unless another task has gone on already, or the list is another one now.
    if (current_ == server && !name_servers_.empty())
      current_ = (server + 1) % name_servers_.size();
  }
  co_return fail(Errc::closed,
                 fmt::format("no name server can be reached: {}", fmt::join(reasons, "; ")));
}

Task<Result<std::vector<std::string>>> Routes::name_servers() {
  if (name_servers_.empty() && look_up_) SLUICE_CO_CHECK(co_await look_up_());
  co_return name_servers_;
}

void Routes::use(std::vector<std::string> name_servers) {
  if (name_servers == name_servers_) return;
  name_servers_ = std::move(name_servers);
  current_ = 0;
}

Task<Result<RoutePtr>> Routes::get(std::string topic) {
  const auto found = entries_.find(topic);
  if (found != entries_.end() && found->second.route) co_return found->second.route;
  co_return co_await refresh(std::move(topic));
}

Task<Result<RoutePtr>> Routes::refresh(std::string topic) {
  Entry& entry = entries_[topic];
  if (entry.asking) {
    co_await Asked{entry};
  } else {
    entry.asking = true;
    auto route = co_await ask(topic);
    entry.asking = false;
    bool differs = false;
    if (route) {
      RoutePtr view = RouteView::of(topic, std::move(*route));
      differs = !entry.route || !same(view, entry.route);
      entry.failure = Errc::closed;
      entry.gone_since.reset();
      if (differs) entry.route = std::move(view);
    } else {
      entry.failure = route.error().code();
      entry.remark = route.error().remark();
      // Name servers that cannot be reached say nothing about a topic.
      const SteadyTime now = SystemClock().steady();
      if (entry.failure != Errc::topic_not_found) {
        entry.gone_since.reset();
      } else {
        if (!entry.gone_since) entry.gone_since = now;
        if (now - *entry.gone_since >= kBelieved) entry.route = nullptr;
      }
    }
    if (differs) changed_();
    for (const auto task : std::exchange(entry.waiting, {})) task.resume();
  }
  if (!entry.route) co_return fail(entry.failure, entry.remark);
  co_return entry.route;
}

Task<Result<RoutePtr>> Routes::of_new_topic(std::string topic, std::int32_t queues) {
  SLUICE_CO_TRY(RoutePtr model, co_await get(std::string(kModelTopic)));
  co_return RouteView::of(topic, model->route, queues);
}

RoutePtr Routes::known(const std::string& topic) const {
  const auto found = entries_.find(topic);
  return found == entries_.end() ? nullptr : found->second.route;
}

std::vector<std::string> Routes::topics() const {
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const auto& [topic, entry] : entries_) names.push_back(topic);
  return names;
}

std::set<std::string> Routes::brokers() const {
  std::set<std::string> all;
  for (const auto& [topic, entry] : entries_) {
    if (!entry.route) continue;
    for (std::string& address : entry.route->addresses()) all.insert(std::move(address));
  }
  return all;
}

bool Routes::same(const RoutePtr& a, const RoutePtr& b) {
  Buffer one, two;
  a->route.encode(one, NumberKeys::quoted);
  b->route.encode(two, NumberKeys::quoted);
  return as_text(one.bytes()) == as_text(two.bytes());
}

}  // namespace sluice::client
