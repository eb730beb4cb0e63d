/* Sends jobs, works on them one by one under leases, and reads them all once more from the first
 * on, in C:  jobs_c 127.0.0.1:9876 */
#include <sluice/sluice.h>
#include <stdio.h>
#include <string.h>

enum { JOBS = 8 };

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, sluice_last_error());
  return 1;
}

static int send_jobs(sluice_client* client, const sluice_options* options) {
  sluice_producer* producer;
  if (sluice_producer_new(client, options, NULL, NULL, &producer) != 0) return fail("producer");
  for (int i = 0; i < JOBS; ++i) {
    char text[32];
    sluice_message message = {.size = sizeof message, .topic = "c_jobs", .body = text};
    message.body_size = (size_t)snprintf(text, sizeof text, "job %d", i);
    if (sluice_send(producer, &message, NULL) != 0) return fail("send");
  }
  sluice_producer_free(producer);
  return 0;
}

/* What a worker does not acknowledge comes again, to any of them. */
static int work(sluice_client* client, const sluice_options* options) {
  sluice_simple_consumer* consumer;
  if (sluice_simple_consumer_new(client, options, &consumer) != 0) return fail("simple consumer");
  for (int done = 0; done < JOBS;) {
    sluice_leases* leases;
    if (sluice_receive(consumer, 4, 5000, &leases) != 0) return fail("receive");
    for (size_t i = 0; i < sluice_leases_count(leases); ++i) {
      const sluice_lease* lease = sluice_leases_at(leases, i);
      size_t size;
      const char* body = sluice_received_body(sluice_lease_message(lease), &size);
      printf("done: %.*s\n", (int)size, body);
      if (sluice_ack(consumer, lease) == 0) ++done;
    }
    sluice_leases_free(leases);
  }
  sluice_simple_consumer_free(consumer);
  return 0;
}

static int read_again(sluice_client* client, const sluice_options* options) {
  sluice_pull_consumer* consumer;
  if (sluice_pull_consumer_new(client, options, &consumer) != 0) return fail("pull consumer");
  sluice_queues* queues;
  if (sluice_pull_queues(consumer, "c_jobs", &queues) != 0) return fail("queues");
  const sluice_queue* all = sluice_queues_all(queues);
  if (sluice_pull_assign(consumer, all, sluice_queues_count(queues)) != 0) return fail("assign");
  for (size_t i = 0; i < sluice_queues_count(queues); ++i) {
    if (sluice_pull_seek(consumer, &all[i], SLUICE_FIRST) != 0) return fail("seek");
  }
  for (size_t read = 0; read < JOBS;) {
    sluice_messages* messages;
    if (sluice_poll(consumer, 5000, &messages) != 0) return fail("poll");
    if (sluice_messages_count(messages) == 0) return fprintf(stderr, "nothing came\n"), 1;
    read += sluice_messages_count(messages);
    sluice_messages_free(messages);
  }
  sluice_queues_free(queues);
  sluice_pull_consumer_free(consumer);
  return 0;
}

int main(int argc, char** argv) {
  sluice_options* reading = sluice_options_new(); /* without a group: it stores nothing */
  sluice_options* working = sluice_options_new();
  const char* names = argc > 1 ? argv[1] : "127.0.0.1:9876";
  sluice_options_set(reading, "name_servers", names);
  sluice_options_set(working, "name_servers", names);
  sluice_options_set(working, "group", "c_workers");
  sluice_options_set(working, "subscribe", "c_jobs");
  sluice_options_set(working, "start", "first");
  sluice_client* client;
  if (sluice_client_new(working, &client) != 0) return fail("client");
  if (send_jobs(client, working) != 0 || work(client, working) != 0) return 1;
  if (read_again(client, reading) != 0) return 1;
  sluice_client_free(client);
  sluice_options_free(working);
  sluice_options_free(reading);
  return 0;
}
