#pragma once

/// The C interface of the client library (libsluice.so): sending and consuming messages of Sluice
/// and of Apache RocketMQ 4.9 and 5.x. Usable from C99, and from anything that calls C.
///
///   sluice_client* client;
///   sluice_options* options = sluice_options_new();
///   sluice_options_set(options, "name_servers", "127.0.0.1:9876");
///   if (sluice_client_new(options, &client) != 0) puts(sluice_last_error());
///
/// Functions that can fail return 0, or a code whose meaning sluice_code_text() tells; why in
/// particular says sluice_last_error(). Nothing throws, aborts or writes anywhere. Texts that are
/// given are UTF-8, end with a zero byte and are copied. Whatever a ..._new function makes is freed
/// by its ..._free; clients after what was made with them. All functions are thread-safe, but for
/// options. Structures begin with their size, which the caller sets: SLUICE grows them at the end
/// only. Those without one (a property, a queue) stay as they are.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors ---- */

/* Of the last call on this thread that failed; valid until the next one. Never null. */
const char* sluice_last_error(void);
/* A sentence; "success" for 0. */
const char* sluice_code_text(int code);
/* 1, when the same call may succeed later, unchanged. */
int sluice_code_is_retryable(int code);

/* ---- options: names and values as text; numbers in decimal, switches as true and false ---- */

typedef struct sluice_options sluice_options;
sluice_options* sluice_options_new(void);
void sluice_options_free(sluice_options* options);
/* Sets one of:
 *   client    name_servers address_server instance name_space request_timeout_ms access_key
 *             secret_key security_token tls tls_check (name|issuer|none) tls_ca_file
 *             tls_certificate_file tls_key_file tls_key_password
 *   producer  group send_timeout_ms retries max_bytes_in_flight max_message_bytes compress_above
 *             compression (zlib|lz4|zstd) linger_ms batch_bytes create_topic_queues trace
 *   consumers group subscribe (TOPIC, or TOPIC=TAGS; again for each topic) subscribe_sql
 *             (TOPIC=EXPRESSION) start (first|last)
 *   push and pull consumers  broadcasting offset_directory max_cached_messages max_cached_bytes
 *             pull_batch commit_interval_ms
 *   push      orderly threads max_batch max_attempts shutdown_timeout_ms
 *   pull      max_poll auto_commit
 *   simple    fifo invisible_ms renew max_renewal_ms
 * What each means and its default: client.h, producer.h and ..._consumer.h beside this file. Fails
 * for a name or a value that is none of these. */
int sluice_options_set(sluice_options* options, const char* name, const char* value);

/* ---- client ---- */

typedef struct sluice_client sluice_client;
int sluice_client_new(const sluice_options* options, sluice_client** client);
/* Ends everything that belongs to it; waits for listeners that run, up to shutdown_timeout_ms. */
void sluice_client_free(sluice_client* client);

/* ---- messages ---- */

typedef struct sluice_property {
  const char* name;
  const char* value;
} sluice_property;

/* A message to send. Zero everything, then set what it has. */
typedef struct sluice_message {
  size_t size; /* sizeof(sluice_message) */
  const char* topic;
  const void* body;
  size_t body_size;
  const char* tag;          /* or null, as all that follow */
  const char* keys;         /* with blanks between them */
  const char* sharding_key; /* messages with the same one keep their order */
  const sluice_property* properties;
  size_t property_count;
  int64_t deliver_at_ms;    /* since 1970; 0: at once */
  int64_t deliver_after_ms; /* 0: at once */
  int32_t delay_level;      /* 1 to 18; 0: at once */
} sluice_message;

/* Where it was stored. Texts end with a zero byte. */
typedef struct sluice_receipt {
  size_t size; /* sizeof(sluice_receipt) */
  int64_t offset;
  int32_t queue_id;
  int32_t status; /* 0 stored; 1 the flush, 2 the replica was late; 3 there is no replica */
  char broker[128];
  char message_id[64];
  char offset_id[64];
  char transaction_id[64];
  char recall_handle[512];
} sluice_receipt;

/* A message that came. Texts have no zero byte at their end: their size is stored to *size. They
 * live as long as the message: in a listener, until it returns. */
typedef struct sluice_received sluice_received;
const char* sluice_received_topic(const sluice_received* message, size_t* size);
const char* sluice_received_body(const sluice_received* message, size_t* size);
const char* sluice_received_tag(const sluice_received* message, size_t* size);
const char* sluice_received_keys(const sluice_received* message, size_t* size);
const char* sluice_received_id(const sluice_received* message, size_t* size);
const char* sluice_received_broker(const sluice_received* message, size_t* size);
/* Null when it has none of that name. */
const char* sluice_received_property(const sluice_received* message, const char* name,
                                     size_t* size);
int32_t sluice_received_queue_id(const sluice_received* message);
int64_t sluice_received_offset(const sluice_received* message);
int32_t sluice_received_attempt(const sluice_received* message); /* 0: the first time */
int64_t sluice_received_born_ms(const sluice_received* message);
int64_t sluice_received_stored_ms(const sluice_received* message);
/* Only what sluice_request gave. */
void sluice_received_free(sluice_received* message);

/* ---- producing ---- */

/* Decisions about a transaction. */
enum { SLUICE_UNKNOWN = 0, SLUICE_COMMIT = 1, SLUICE_ROLLBACK = 2 };
/* A broker asks what became of a transaction; runs on a thread of the producer's own. */
typedef int (*sluice_check)(void* context, const sluice_received* half);

typedef struct sluice_producer sluice_producer;
/* `check` may be null, for a producer without transactions. */
int sluice_producer_new(sluice_client* client, const sluice_options* options, sluice_check check,
                        void* context, sluice_producer** producer);
void sluice_producer_free(sluice_producer* producer);

/* Waits until the message is stored. `receipt` may be null. */
int sluice_send(sluice_producer* producer, const sluice_message* message, sluice_receipt* receipt);
/* Called once for every message that sluice_send_async took, on the client's thread: it must be
 * quick and must not wait. `code` 0: `receipt` is there; else it is null and `text` says why. */
typedef void (*sluice_sent)(void* context, int code, const char* text,
                            const sluice_receipt* receipt);
void sluice_send_async(sluice_producer* producer, const sluice_message* message, sluice_sent done,
                       void* context);
/* Nobody tells what becomes of it. */
int sluice_send_one_way(sluice_producer* producer, const sluice_message* message);
/* Messages of one topic as one request: all are stored or none. `receipts`: `count`, or null. */
int sluice_send_batch(sluice_producer* producer, const sluice_message* messages, size_t count,
                      sluice_receipt* receipts);
/* Waits for a consumer's reply. */
int sluice_request(sluice_producer* producer, const sluice_message* message, int64_t timeout_ms,
                   sluice_received** reply);
/* Replies to a request that a consumer got. */
int sluice_reply(sluice_producer* producer, const sluice_received* request, const void* body,
                 size_t body_size);
/* Takes a message with a time of delivery back; the handle is its receipt's. */
int sluice_recall(sluice_producer* producer, const char* topic, const char* recall_handle);

/* A message that consumers see once it is committed. */
typedef struct sluice_transaction sluice_transaction;
int sluice_begin(sluice_producer* producer, const sluice_message* message,
                 sluice_transaction** transaction);
int sluice_commit(sluice_transaction* transaction);
int sluice_rollback(sluice_transaction* transaction);
/* Decides nothing. */
void sluice_transaction_free(sluice_transaction* transaction);

#ifdef __cplusplus
}
#endif

#include <sluice/sluice_consumers.h>
