#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sluice/client.h>
#include <sluice/completion.h>
#include <sluice/message.h>
#include <sluice/transaction.h>

/// Sending messages.
namespace sluice {

/// How long bodies are compressed. Java and Go clients before 5.0 know zlib alone.
enum class Compression : std::uint8_t { zlib, lz4, zstd };

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
  std::size_t max_message_bytes = 4u << 20;  ///< of a body, before it is compressed, or of a batch
  std::size_t compress_above = 4'096;        ///< bodies this long are compressed; 0: never
  Compression compression = Compression::zlib;
  /// Automatic batches: a message waits so long for others to be sent in one request with it; each
  /// has its own receipt. 0: every message is a request. Delayed and compressed messages, replies
  /// and transactions always are.
  std::chrono::milliseconds linger{0};
  std::size_t batch_bytes = 32u << 10;  ///< an automatic batch this long waits no longer
  /// A topic that no broker has is made on the first send, with so many queues. 0: the send fails
  /// with Errc::topic_not_found. Brokers may forbid it.
  int create_topic_queues = 4;
  /// What became of a transaction that nobody has decided (transaction.h): brokers ask for it.
  /// Runs on a thread of the producer's own, which there is only with this option. An exception
  /// counts as Decision::unknown.
  std::function<Decision(const ReceivedMessage& half)> check{};
  /// Writes a trace of every send to the topic RMQ_SYS_TRACE_TOPIC, as Java's clients do, in
  /// batches each second; `mqadmin queryMsgTraceById` shows them. Traces that cannot be written
  /// are dropped.
  bool trace = false;
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
///
/// The async_… complete as completion.h says; their twins wait and must not be called on the
/// client's own thread.
class Producer {
 public:
  explicit Producer(Client& client, ProducerOptions options = {});
  /// Waits for nothing: what is under way completes later, or with the client.
  ~Producer();
  Producer(Producer&&) noexcept;
  Producer& operator=(Producer&&) noexcept;

  /// Completes with Outcome<Receipt>.
  template <class Token>
  auto async_send(Message message, SendOptions options, Token&& token) {
    return initiate<Receipt>(std::forward<Token>(token),
                             [sender = sender_, message = std::move(message),
                              options = std::move(options)](Completion<Receipt> done) mutable {
                               begin_send(sender, std::move(message), std::move(options),
                                          std::move(done));
                             });
  }
  template <class Token>
  auto async_send(Message message, Token&& token) {
    return async_send(std::move(message), SendOptions{}, std::forward<Token>(token));
  }
  Outcome<Receipt> send(Message message, SendOptions options = {});

  /// Messages of one topic in one request: all are stored, in one queue and one after the other, or
  /// none. Not delayed; not compressed. Completes with Outcome<std::vector<Receipt>>, in order.
  template <class Token>
  auto async_send_batch(std::vector<Message> messages, SendOptions options, Token&& token) {
    using Receipts = std::vector<Receipt>;
    return initiate<Receipts>(std::forward<Token>(token),
                              [sender = sender_, messages = std::move(messages),
                               options = std::move(options)](Completion<Receipts> done) mutable {
                                begin_batch(sender, std::move(messages), std::move(options),
                                            std::move(done));
                              });
  }
  Outcome<std::vector<Receipt>> send_batch(std::vector<Message> messages, SendOptions options = {});

  /// Hands the message to the connection and hears no more of it: lost when the broker is.
  /// Errors: those that show before anything is written.
  Outcome<void> send_one_way(Message message, SendOptions options = {});

  /// The first half of a transaction, see transaction.h. Set the option `check` too. A half that
  /// the broker could not store as safely as it is configured to is rolled back, and this fails.
  /// Completes with Outcome<Transaction>.
  template <class Token>
  auto async_begin(Message message, SendOptions options, Token&& token) {
    return initiate<Transaction>(
        std::forward<Token>(token),
        [sender = sender_, message = std::move(message),
         options = std::move(options)](Completion<Transaction> done) mutable {
          begin_transaction(sender, std::move(message), std::move(options), std::move(done));
        });
  }
  Outcome<Transaction> begin(Message message, SendOptions options = {});

  /// Sends a message and waits for a consumer to reply to it (with reply_to()): completes with
  /// Outcome<ReceivedMessage>, timed_out when none did within `timeout`.
  template <class Token>
  auto async_request(Message message, std::chrono::milliseconds timeout, Token&& token) {
    return initiate<ReceivedMessage>(
        std::forward<Token>(token), [sender = sender_, message = std::move(message),
                                     timeout](Completion<ReceivedMessage> done) mutable {
          begin_request(sender, std::move(message), timeout, std::move(done));
        });
  }
  Outcome<ReceivedMessage> request(Message message, std::chrono::milliseconds timeout);

  /// Takes a message with a time of delivery back before it is due; `recall_handle` is its
  /// receipt's. Waits. Errors: message_illegal (a handle that is none, or too late), not_permitted
  /// (Apache's brokers: recallMessageEnable), unsupported.
  Outcome<void> recall(const std::string& topic, const std::string& recall_handle);

  std::size_t bytes_in_flight() const;
  /// The topic's writable queues. Waits.
  Outcome<std::vector<Queue>> queues(const std::string& topic);

 private:
  using SenderPtr = std::shared_ptr<client::Sender>;
  static void begin_send(const SenderPtr& sender, Message message, SendOptions options,
                         Completion<Receipt> done);
  static void begin_batch(const SenderPtr& sender, std::vector<Message> messages,
                          SendOptions options, Completion<std::vector<Receipt>> done);
  static void begin_transaction(const SenderPtr& sender, Message message, SendOptions options,
                                Completion<Transaction> done);
  static void begin_request(const SenderPtr& sender, Message message,
                            std::chrono::milliseconds timeout, Completion<ReceivedMessage> done);
  SenderPtr sender_;
};

/// What answers a request that a consumer got: to be sent like any message, by any producer.
/// Errors: message_illegal, when nobody waits for an answer to it.
Outcome<Message> reply_to(const ReceivedMessage& request, std::string body);

}  // namespace sluice
