#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/engine/route_view.h"
#include "client/engine/task.h"
#include "client/remoting.h"

namespace sluice::client {

using RoutePtr = std::shared_ptr<const RouteView>;

/// The routes of the topics in use, asked of the name servers: of the one that answered last, or
/// else of the next one. Reactor's thread only.
class Routes {
 public:
  /// `changed` is called after a route that differs from the one before.
  Routes(Remoting& remoting, std::vector<std::string> name_servers, milliseconds timeout,
         std::function<void()> changed);
  /// `look_up` finds the name servers when there are none yet.
  void look_up_with(std::function<Task<Result<void>>()> look_up) { look_up_ = std::move(look_up); }

  /// The route as it is known, or else asked for; many tasks may ask at once, one request is made.
  /// Errors: topic_not_found, closed (no name server; the remark names them), timed_out.
  Task<Result<RoutePtr>> get(std::string topic);
  Task<Result<std::vector<std::string>>> name_servers();
  /// From now on these are asked, and not those given before.
  void use(std::vector<std::string> name_servers);
  /// Asks again.
  Task<Result<RoutePtr>> refresh(std::string topic);
  /// For a topic that no broker has: the queues it will be made with on the first send.
  Task<Result<RoutePtr>> of_new_topic(std::string topic, std::int32_t queues);
  /// Nothing when it is not known yet.
  RoutePtr known(const std::string& topic) const;
  std::vector<std::string> topics() const;
  /// Every broker of every route: one address each.
  std::set<std::string> brokers() const;

 private:
  struct Entry {
    RoutePtr route;
    bool asking = false;
    std::vector<std::coroutine_handle<>> waiting;
    Errc failure = Errc::closed;
    std::string remark;
    std::optional<SteadyTime> gone_since;  ///< name servers have not known the topic since
  };
  struct Asked {
    Entry& entry;
    bool await_ready() const { return !entry.asking; }
    void await_suspend(std::coroutine_handle<> task) { entry.waiting.push_back(task); }
    void await_resume() {}
  };

  Task<Result<wire::remoting::TopicRoute>> ask(std::string topic);
  static bool same(const RoutePtr& a, const RoutePtr& b);

  Remoting& remoting_;
  std::vector<std::string> name_servers_;
  const milliseconds timeout_;
  std::function<void()> changed_;
  std::function<Task<Result<void>>()> look_up_;
  std::size_t current_ = 0;               ///< name server
  std::map<std::string, Entry> entries_;  ///< nothing is removed: tasks hold references
};

}  // namespace sluice::client
