#pragma once

/// The consumers of the C interface; a part of sluice.h, which includes it.

#include <sluice/sluice.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- consuming by a listener: push consumers ---- */

/* What a listener says of the messages it was called with. */
enum { SLUICE_DONE = 0, SLUICE_AGAIN = 1 };
/* Runs on the consumer's threads, with 1 to max_batch messages of one queue. */
typedef int (*sluice_listener)(void* context, const sluice_received* const* messages, size_t count);

typedef struct sluice_consumer sluice_consumer;
int sluice_consumer_new(sluice_client* client, const sluice_options* options,
                        sluice_listener listener, void* context, sluice_consumer** consumer);
/* Waits for listeners that run, commits, and gives the queues to the other members. Fails (timed
 * out) when a listener has not returned after shutdown_timeout_ms: it is left behind, and what it
 * uses must outlive it. */
int sluice_consumer_close(sluice_consumer* consumer);
/* The same, if it was not closed; then the consumer is gone. */
void sluice_consumer_free(sluice_consumer* consumer);

/* ---- consuming at the program's own pace: pull consumers ---- */

/* Texts of queues that are given to the library are copied. */
typedef struct sluice_queue {
  const char* topic;
  const char* broker;
  int32_t id;
} sluice_queue;
/* A list of queues; what it shows lives as long as the list. */
typedef struct sluice_queues sluice_queues;
size_t sluice_queues_count(const sluice_queues* queues);
const sluice_queue* sluice_queues_all(const sluice_queues* queues); /* an array */
void sluice_queues_free(sluice_queues* queues);

/* Messages that came; they live as long as the list. */
typedef struct sluice_messages sluice_messages;
size_t sluice_messages_count(const sluice_messages* messages);
const sluice_received* sluice_messages_at(const sluice_messages* messages, size_t index);
void sluice_messages_free(sluice_messages* messages);

/* With the option subscribe a member that shares queues; without it, sluice_pull_assign says which
 * queues are read. */
typedef struct sluice_pull_consumer sluice_pull_consumer;
int sluice_pull_consumer_new(sluice_client* client, const sluice_options* options,
                             sluice_pull_consumer** consumer);
/* Commits what is done when auto_commit is on, and gives the queues up. */
void sluice_pull_consumer_free(sluice_pull_consumer* consumer);

/* All queues of a topic; `topic` null: those that the consumer has now. */
int sluice_pull_queues(sluice_pull_consumer* consumer, const char* topic, sluice_queues** queues);
/* Exactly these, whoever else reads them. */
int sluice_pull_assign(sluice_pull_consumer* consumer, const sluice_queue* queues, size_t count);
/* 1 to max_poll messages; none after the wait. Those of the poll before are done then. One at a
 * time. */
int sluice_poll(sluice_pull_consumer* consumer, int64_t wait_ms, sluice_messages** messages);

/* Ends of a queue, for sluice_pull_seek. */
enum { SLUICE_FIRST = -1, SLUICE_NEXT = -2 };
/* The next poll gives the queue's messages from that offset on, or from an end. */
int sluice_pull_seek(sluice_pull_consumer* consumer, const sluice_queue* queue, int64_t offset);
/* The same, from the first message that was stored at that time (since 1970) or later. */
int sluice_pull_seek_time(sluice_pull_consumer* consumer, const sluice_queue* queue, int64_t ms);
/* Everything that polls have given is done. */
int sluice_pull_commit(sluice_pull_consumer* consumer);
/* That offset, also backwards. */
int sluice_pull_commit_at(sluice_pull_consumer* consumer, const sluice_queue* queue,
                          int64_t offset);
/* Of the next message that a poll would give. */
int sluice_pull_position(sluice_pull_consumer* consumer, const sluice_queue* queue,
                         int64_t* offset);
/* What the group has committed; -1: nothing. */
int sluice_pull_committed(sluice_pull_consumer* consumer, const sluice_queue* queue,
                          int64_t* offset);
/* `on` 1: polls give nothing of these queues, and they are not read, until it is 0. */
int sluice_pull_pause(sluice_pull_consumer* consumer, const sluice_queue* queues, size_t count,
                      int on);

/* ---- consuming message by message: simple consumers (pop) ---- */

/* A message that is ours for a time; lives as long as the list it came in. */
typedef struct sluice_lease sluice_lease;
const sluice_received* sluice_lease_message(const sluice_lease* lease);
typedef struct sluice_leases sluice_leases;
size_t sluice_leases_count(const sluice_leases* leases);
const sluice_lease* sluice_leases_at(const sluice_leases* leases, size_t index);
/* What was not acknowledged comes again when its time is over. */
void sluice_leases_free(sluice_leases* leases);

typedef struct sluice_simple_consumer sluice_simple_consumer;
int sluice_simple_consumer_new(sluice_client* client, const sluice_options* options,
                               sluice_simple_consumer** consumer);
void sluice_simple_consumer_free(sluice_simple_consumer* consumer);
/* 1 to max_messages (at most 32); none after the wait. Each is leased for invisible_ms. */
int sluice_receive(sluice_simple_consumer* consumer, int32_t max_messages, int64_t wait_ms,
                   sluice_leases** leases);
/* Done: it does not come again. */
int sluice_ack(sluice_simple_consumer* consumer, const sluice_lease* lease);
/* The lease ends that long from now: longer, or at once with 1. */
int sluice_change_invisible(sluice_simple_consumer* consumer, const sluice_lease* lease,
                            int64_t invisible_ms);

#ifdef __cplusplus
}
#endif
