#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <sluice/client.h>
#include <sluice/error.h>

#include "client/engine/alarm.h"
#include "client/engine/call.h"
#include "client/engine/latch.h"
#include "client/engine/names.h"
#include "client/engine/routes.h"
#include "wire/record/message_id.h"
#include "wire/remoting/bodies/heartbeat.h"

namespace sluice::client {

/// A producer or consumer as its client sees it. Reactor's thread only.
class Participant {
 public:
  virtual ~Participant() = default;
  /// Adds what brokers must know of it.
  virtual void describe(wire::remoting::HeartbeatBody& heartbeat) const = 0;
  /// A request that a broker made. False: not for this one.
  virtual bool serve(const std::string& address, const Answer& request,
                     const Remoting::Respond& respond) = 0;
  /// Ends it: takes leave of the brokers. Afterwards nothing of it runs any more.
  virtual Task<void> stop() = 0;
};

/// What the producers and consumers of one client share: its reactor, connections, routes and
/// heartbeats. Reactor's thread only, but for what is said otherwise.
class Core : public std::enable_shared_from_this<Core> {
 public:
  explicit Core(ClientOptions options);
  ~Core();

  /// Any thread but the reactor's: ends all participants and the thread. Once is enough.
  void close();
  /// Runs `work` on the reactor's thread; dropped when the core is closed, and then false. Any
  /// thread.
  bool post(std::move_only_function<void()> work);
  /// Runs a task there, to its end. Any thread.
  void spawn(std::move_only_function<Task<void>()> make);
  bool on_thread() const { return pool_.at(0).on_thread(); }  ///< any thread
  bool is_closed() const { return closed_.load(); }           ///< any thread

  const std::string& client_id() const { return client_id_; }  ///< any thread
  const Names& names() const { return names_; }                ///< any thread
  /// What broadcasting members call themselves in their files: stays the same from run to run. Any
  /// thread.
  std::string offsets_id() const;
  const ClientOptions& options() const { return options_; }        ///< any thread
  std::string next_message_id() { return ids_.next(wall_now()); }  ///< any thread
  static WallTime wall_now();
  static SteadyTime now();

  net::Reactor& reactor() { return pool_.at(0); }
  Remoting& remoting() { return *remoting_; }
  Routes& routes() { return *routes_; }

  template <class Request>
  Call<Request> call(std::string address, const Request& request, Bytes body = {},
                     milliseconds timeout = milliseconds(0)) {
    return client::call(*remoting_, std::move(address), request, body,
                        timeout.count() > 0 ? timeout : options_.request_timeout);
  }
  /// Sleeps; less when the core is closing.
  Task<void> sleep(milliseconds time);
  bool closing() const { return closing_; }
  /// What must have ended before the thread may: tasks that outlive their participant's stop().
  Latch& tasks() { return tasks_; }

  /// Known to brokers from the next heartbeat on, which heartbeat() sends.
  void add(const std::shared_ptr<Participant>& participant);
  void remove(Participant& participant);
  /// To every broker of every route, now.
  Task<void> heartbeat();
  /// To every known broker that this is no member any more; waits for the answers.
  Task<void> unregister(std::string producer_group, std::string consumer_group);

  void log(LogLevel level, const std::string& line) const;

 private:
  Task<void> keep_fresh();
  Task<void> keep_beating();
  Task<void> keep_looking_up();
  Task<Result<void>> look_up();
  Task<void> shut_down();
  bool serve(const std::string& address, const Answer& request, const Remoting::Respond& respond);

  const ClientOptions options_;
  const std::string client_id_;
  const Names names_;
  mutable net::ReactorPool pool_;
  wire::record::UniqueIds ids_;
  std::unique_ptr<Remoting> remoting_;
  std::unique_ptr<Routes> routes_;
  std::vector<std::shared_ptr<Participant>> participants_;
  Alarm refresh_, beat_, look_;
  std::set<Alarm*> sleepers_;
  Latch tasks_;
  bool closing_ = false;
  std::atomic<bool> closed_{false};
  std::mutex post_mutex_;
  bool stopped_ = false;  ///< under post_mutex_: what is posted would not run
};

/// An Error as users see it.
Failure to_failure(const Error& error);

}  // namespace sluice::client
