#pragma once

#include <memory>
#include <vector>

#include "broker/sending.h"
#include "delivery/members.h"
#include "doors/remoting/broker/parked.h"
#include "doors/remoting/broker/reactor_context.h"
#include "net/connection.h"
#include "wire/remoting/pop_receipt.h"
#include "wire/remoting/requests/send.h"

namespace sluice::doors {

/// One client connection of the broker. What arrived together is decoded, appended and answered in
/// one go. Thread: its reactor.
class BrokerSession final : public net::Session {
 public:
  BrokerSession(ReactorContext& context, const std::shared_ptr<net::Connection>& connection);
  ~BrokerSession() override;

  Result<std::size_t> frame_size(Bytes bytes) override;
  void on_frames(std::span<const MutableBytes> frames) override;
  void on_written() override;
  void on_closed() override;

  ReactorContext& context() { return context_; }
  net::Connection& connection() { return connection_; }
  net::OutQueue& out() { return connection_.out(); }
  /// The connection as the broker's members know it.
  const std::shared_ptr<delivery::Link>& link() const { return link_; }

  /// Holds the pull until messages arrive or `hold` has passed. Errors: busy.
  Result<void> park(broker::PullPlan plan, QueueOffset asked, milliseconds hold, ReplyTo to);
  /// The same for a pop. False: too many requests wait.
  bool park(broker::PopPlan plan, bool notification, milliseconds hold, ReplyTo to);
  /// A parked pull's messages have arrived, or its time is over.
  void resume(ParkedPull& pull, bool expired);
  /// The parked pull's group was reset: answers where to go on.
  void tell_reset(ParkedPull& pull);
  /// Answers a parked pop, without flushing, when there is something for it now; then it is gone.
  bool try_answer(ParkedPop& pop);
  /// Answers that nothing came.
  void give_up(ParkedPop& pop);

  /// What became of the sends that were taken up, and when.
  void answer_sends(const Result<LogPosition>& until, const SendTimes& times);
  /// So many sends are being answered. `topic`: of the first, or empty.
  void note_times(const SendTimes& times, std::size_t sends, std::string_view topic);

  /// Reads on a thread that may wait for the disk, and answers then. Errors: busy.
  Result<void> read_later(broker::PullPlan plan, ReplyTo to);
  Result<void> read_later(broker::PopPlan plan, broker::PopResult taken, ReplyTo to);

  static constexpr std::size_t kParkedMax = 16'384;  ///< requests of one connection that may wait

 private:
  struct SendTicket {
    broker::SendBatch::Ticket ticket;
    ReplyTo reply_to;
  };

  void handle();
  void ask_send();
  template <class Request>
  Result<AskedSend> decode_send() const;
  void take_asked();
  void take_send(const AskedSend& send);
  void take_next();
  void note_append(SendTimes times);
  void answer_send(const SendTicket& send);
  void answer_sends_later(LogPosition until, const SendTimes& times);
  template <class Request>
  Request& keep(std::unique_ptr<Request> parked, milliseconds hold);
  std::unique_ptr<ParkedPull> make_pull(ReplyTo to);
  std::unique_ptr<Parked> take_out(Parked& parked);
  void drop(Parked& parked) { take_out(parked); }
  void drop(ParkedPull& pull);

  ReactorContext& context_;
  net::Connection& connection_;  // owns this session
  const std::shared_ptr<delivery::Link> link_;
  std::size_t asked_taken_ = 0;  // of the context's asked sends
  std::vector<SendTicket> tickets_;
  std::unique_ptr<Unwritten> unwritten_;  // of a connection that sends, where times are taken
  std::vector<std::unique_ptr<Parked>> parked_;
  std::vector<std::unique_ptr<ParkedPull>> spare_pulls_;  // a client that waits will wait again
};

/// The request as the broker takes it.
broker::SendQuery send_query(const wire::remoting::SendMessage& request,
                             const wire::remoting::Command& command, const net::Address& peer);

/// Answers a send whose answer was kept.
void write_send_reply(net::Connection& connection, const LateAnswer& answer,
                      const broker::BrokerOptions& options, std::int32_t code,
                      std::string_view remark);

/// The protocol's code for how a read went.
std::int32_t pull_code(broker::PullStatus status);

/// Answers a pop with what it took. The records' owners go to `out`.
void write_pop_reply(net::OutQueue& out, const ReplyTo& to, const broker::PopPlan& plan,
                     broker::PopResult& result, wire::remoting::PopInfo& info);

/// Whether reads of this broker may wait for the disk on a reactor.
broker::Wait reactor_wait(const BrokerDoor& door);

/// Answers a pull with what was found. Messages go out from the log's own memory, and their owners
/// to `out`.
void write_pull_reply(net::OutQueue& out, const ReplyTo& to, broker::PullResult& result,
                      std::int32_t code);

}  // namespace sluice::doors
