#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include <sluice/producer.h>

#include "client/c/client.h"
#include "client/c/guard.h"
#include "client/c/options.h"
#include "client/c/received.h"

using namespace sluice;

struct sluice_producer {
  Producer producer;
};
struct sluice_transaction {
  Transaction transaction;
};

namespace {

std::string text(const char* given) { return given != nullptr ? given : ""; }

std::vector<std::string> words(std::string_view given) {
  std::vector<std::string> all;
  while (!given.empty()) {
    const std::string_view word = given.substr(0, given.find(' '));
    given.remove_prefix(std::min(word.size() + 1, given.size()));
    if (!word.empty()) all.emplace_back(word);
  }
  return all;
}

/// What the first version of the interface had; later ones are longer, and a program may be older
/// than the library.
constexpr std::size_t kMessageMin = offsetof(sluice_message, delay_level) + sizeof(std::int32_t);
constexpr std::size_t kReceiptMin =
    offsetof(sluice_receipt, recall_handle) + sizeof(sluice_receipt::recall_handle);

Outcome<Message> message_of(const sluice_message* from) {
  if (from == nullptr || from->size < kMessageMin) {
    return Failure{Errc::invalid_argument,
                   "a message must not be null, and its size must be sizeof(sluice_message)"};
  }
  sluice_message copied{};
  std::memcpy(&copied, from, std::min(from->size, sizeof copied));
  const sluice_message* const given = &copied;
  if (given->topic == nullptr) {
    return Failure{Errc::invalid_argument, "the topic of a message must not be null"};
  }
  Message message{.topic = given->topic,
                  .body = std::string(static_cast<const char*>(given->body), given->body_size),
                  .tag = text(given->tag),
                  .keys = words(text(given->keys)),
                  .sharding_key = text(given->sharding_key),
                  .delay_level = given->delay_level};
  for (std::size_t i = 0; i < given->property_count; ++i) {
    message.properties.emplace_back(text(given->properties[i].name),
                                    text(given->properties[i].value));
  }
  using std::chrono::milliseconds;
  if (given->deliver_after_ms != 0) message.deliver_after = milliseconds(given->deliver_after_ms);
  if (given->deliver_at_ms != 0) {
    message.deliver_at = std::chrono::system_clock::time_point(milliseconds(given->deliver_at_ms));
  }
  return message;
}

template <std::size_t n>
void copy(char (&to)[n], std::string_view from) {
  const std::size_t size = std::min(from.size(), n - 1);
  std::memcpy(to, from.data(), size);
  to[size] = '\0';
}

void fill(sluice_receipt& to, const Receipt& from) {
  to.offset = from.offset;
  to.queue_id = from.queue.id;
  to.status = static_cast<int32_t>(from.status);
  copy(to.broker, from.queue.broker);
  copy(to.message_id, from.message_id);
  copy(to.offset_id, from.offset_id);
  copy(to.transaction_id, from.transaction_id);
  copy(to.recall_handle, from.recall_handle);
}

/// Of an array whose program may know shorter structures.
template <class T>
T* nth(T* array, std::size_t i) {
  using Byte = std::conditional_t<std::is_const_v<T>, const char, char>;
  return reinterpret_cast<T*>(reinterpret_cast<Byte*>(array) + i * array->size);
}

Outcome<void> told(sluice_receipt* to, const Outcome<Receipt>& sent) {
  if (!sent) return sent.error();
  if (to != nullptr && to->size >= kReceiptMin) fill(*to, *sent);
  return {};
}

Decision decision_of(int code) {
  if (code == SLUICE_COMMIT) return Decision::commit;
  return code == SLUICE_ROLLBACK ? Decision::rollback : Decision::unknown;
}

void tell(sluice_sent done, void* context, const Outcome<Receipt>& sent) {
  if (done == nullptr) return;
  if (!sent) return done(context, sent.error().code.value(), sent.error().remark.c_str(), nullptr);
  sluice_receipt receipt{.size = sizeof receipt};
  fill(receipt, *sent);
  done(context, 0, "", &receipt);
}

}  // namespace

int sluice_producer_new(sluice_client* client, const sluice_options* options, sluice_check check,
                        void* context, sluice_producer** producer) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(client && options && producer, "client, options and producer");
        !there) {
      return there;
    }
    ProducerOptions own = options->producer;
    if (check != nullptr) {
      own.check = [check, context](const ReceivedMessage& half) {
        const sluice_received received{half};
        return decision_of(check(context, &received));
      };
    }
    *producer = new sluice_producer{Producer(client->client, std::move(own))};
    return {};
  });
}

void sluice_producer_free(sluice_producer* producer) { delete producer; }

int sluice_send(sluice_producer* producer, const sluice_message* message, sluice_receipt* receipt) {
  return c::guarded([&]() -> Outcome<void> {
    auto made = message_of(message);
    if (!made) return made.error();
    return told(receipt, producer->producer.send(std::move(*made)));
  });
}

void sluice_send_async(sluice_producer* producer, const sluice_message* message, sluice_sent done,
                       void* context) {
  const int code = c::guarded([&]() -> Outcome<void> {
    auto made = message_of(message);
    if (!made) return made.error();
    producer->producer.async_send(std::move(*made), [done, context](const Outcome<Receipt>& sent) {
      tell(done, context, sent);
    });
    return {};
  });
  if (code != 0 && done != nullptr) done(context, code, sluice_last_error(), nullptr);
}

int sluice_send_one_way(sluice_producer* producer, const sluice_message* message) {
  return c::guarded([&]() -> Outcome<void> {
    auto made = message_of(message);
    if (!made) return made.error();
    return producer->producer.send_one_way(std::move(*made));
  });
}

int sluice_send_batch(sluice_producer* producer, const sluice_message* messages, size_t count,
                      sluice_receipt* receipts) {
  return c::guarded([&]() -> Outcome<void> {
    std::vector<Message> batch;
    for (std::size_t i = 0; i < count; ++i) {
      auto made = message_of(nth(messages, i));
      if (!made) return made.error();
      batch.push_back(std::move(*made));
    }
    const auto sent = producer->producer.send_batch(std::move(batch));
    if (!sent) return sent.error();
    for (std::size_t i = 0; receipts != nullptr && i < count; ++i) {
      static_cast<void>(told(nth(receipts, i), (*sent)[i]));
    }
    return {};
  });
}

int sluice_request(sluice_producer* producer, const sluice_message* message, int64_t timeout_ms,
                   sluice_received** reply) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(reply != nullptr, "reply"); !there) return there;
    auto made = message_of(message);
    if (!made) return made.error();
    auto answer =
        producer->producer.request(std::move(*made), std::chrono::milliseconds(timeout_ms));
    if (!answer) return answer.error();
    *reply = new sluice_received{std::move(*answer)};
    return {};
  });
}

int sluice_reply(sluice_producer* producer, const sluice_received* request, const void* body,
                 size_t body_size) {
  return c::guarded([&]() -> Outcome<void> {
    auto reply = reply_to(request->message, std::string(static_cast<const char*>(body), body_size));
    if (!reply) return reply.error();
    return told(nullptr, producer->producer.send(std::move(*reply)));
  });
}

int sluice_recall(sluice_producer* producer, const char* topic, const char* recall_handle) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(topic && recall_handle, "topic and handle"); !there) return there;
    return producer->producer.recall(topic, recall_handle);
  });
}

int sluice_begin(sluice_producer* producer, const sluice_message* message,
                 sluice_transaction** transaction) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(transaction != nullptr, "transaction"); !there) return there;
    auto made = message_of(message);
    if (!made) return made.error();
    auto begun = producer->producer.begin(std::move(*made));
    if (!begun) return begun.error();
    *transaction = new sluice_transaction{std::move(*begun)};
    return {};
  });
}

int sluice_commit(sluice_transaction* transaction) {
  return c::guarded([&] { return transaction->transaction.commit(); });
}

int sluice_rollback(sluice_transaction* transaction) {
  return c::guarded([&] { return transaction->transaction.rollback(); });
}

void sluice_transaction_free(sluice_transaction* transaction) { delete transaction; }
