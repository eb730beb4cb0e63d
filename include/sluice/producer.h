#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <sluice/client.h>
#include <sluice/completion.h>
#include <sluice/message.h>

/// Sending messages.
namespace sluice {

namespace client {
class Sender;
}

struct ProducerOptions {
  std::string group = "sluice_producers";  ///< brokers ask its members about open transactions
  std::chrono::milliseconds send_timeout{3'000};  ///< of one send with all its attempts
  /// Further attempts after a failure that another broker, or the same one a little later, may not
  /// have. A message may then be stored twice.
  int retries = 2;
  /// Brokers that failed or were slow are left out for a while (2 s to 30 s, by how slow), as long
  /// as there are others.
  bool avoid_slow_brokers = true;
  /// What may be under way at once, bodies counted. Beyond it async_send fails with Errc::busy and
  /// send waits.
  std::size_t max_bytes_in_flight = 64u << 20;
  std::size_t max_message_bytes = 4u << 20;  ///< of a body, before it is compressed
  std::size_t compress_above = 4'096;        ///< bodies this long are compressed (zlib); 0: never
  /// A topic that no broker has is made on the first send, with so many queues. 0: the send fails
  /// with Errc::topic_not_found. Brokers may forbid it.
  int create_topic_queues = 4;
};

/// How one message is sent.
struct SendOptions {
  std::optional<Queue> queue{};  ///< this one and no other; such a send goes to no other broker
  /// Chooses among the topic's queues, which are in the order of broker and number; gives an index.
  /// Runs on the client's thread.
  std::function<std::size_t(std::span<const Queue>, const Message&)> selector{};
  std::chrono::milliseconds timeout{0};  ///< 0: the producer's send_timeout
};

/// Sends messages. Any number of sends may be under way; those to one queue that were started by
/// one thread, one after the other, are stored in that order unless one is repeated. Thread-safe.
///
/// A send is done when the broker has stored the message by its flush rule. Errors:
/// topic_not_found, not_permitted (no queue can be written), message_illegal, message_too_large,
/// busy (max_bytes_in_flight), timed_out and closed (no broker could be reached; the message may
/// have been stored), and what the broker refuses with its remark.
class Producer {
 public:
  explicit Producer(Client& client, ProducerOptions options = {});
  /// Waits for nothing: what is under way completes later, or with the client.
  ~Producer();
  Producer(Producer&&) noexcept;
  Producer& operator=(Producer&&) noexcept;

  /// Completes with Outcome<Receipt>, see completion.h.
  template <class Token>
  auto async_send(Message message, SendOptions options, Token&& token) {
    return initiate<Receipt>(std::forward<Token>(token),
                             [sender = sender_, message = std::move(message),
                              options = std::move(options)](Completion<Receipt> done) mutable {
                               begin(sender, std::move(message), std::move(options),
                                     std::move(done));
                             });
  }
  template <class Token>
  auto async_send(Message message, Token&& token) {
    return async_send(std::move(message), SendOptions{}, std::forward<Token>(token));
  }

  /// Waits. Not on the client's own thread.
  Outcome<Receipt> send(Message message, SendOptions options = {});
  /// Hands the message to the connection and hears no more of it: lost when the broker is.
  /// Errors: those that show before anything is written.
  Outcome<void> send_one_way(Message message, SendOptions options = {});

  std::size_t bytes_in_flight() const;
  /// The topic's writable queues. Waits.
  Outcome<std::vector<Queue>> queues(const std::string& topic);

 private:
  static void begin(const std::shared_ptr<client::Sender>& sender, Message message,
                    SendOptions options, Completion<Receipt> done);
  std::shared_ptr<client::Sender> sender_;
};

}  // namespace sluice
