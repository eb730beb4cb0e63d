/* Sends a message and waits for it to come back to a listener, in C:  hello_c 127.0.0.1:9876 */
#include <semaphore.h>
#include <sluice/sluice.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static sem_t came;

static int listen(void* context, const sluice_received* const* messages, size_t count) {
  (void)context;
  for (size_t i = 0; i < count; ++i) {
    size_t size;
    const char* body = sluice_received_body(messages[i], &size);
    printf("got %.*s\n", (int)size, body);
    sem_post(&came);
  }
  return SLUICE_DONE;
}

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, sluice_last_error());
  return 1;
}

int main(int argc, char** argv) {
  sluice_options* options = sluice_options_new();
  sluice_options_set(options, "name_servers", argc > 1 ? argv[1] : "127.0.0.1:9876");
  sluice_options_set(options, "group", "c_greeters");
  sluice_options_set(options, "subscribe", "c_greetings");
  sluice_options_set(options, "start", "first");
  sem_init(&came, 0, 0);

  sluice_client* client;
  sluice_producer* producer;
  sluice_consumer* consumer;
  if (sluice_client_new(options, &client) != 0) return fail("client");
  if (sluice_producer_new(client, options, NULL, NULL, &producer) != 0) return fail("producer");
  const char* text = "hello from C";
  sluice_message message = {.size = sizeof message, .topic = "c_greetings"};
  message.body = text;
  message.body_size = strlen(text);
  sluice_receipt receipt = {.size = sizeof receipt};
  if (sluice_send(producer, &message, &receipt) != 0) return fail("send");
  printf("sent to queue %d of %s\n", (int)receipt.queue_id, receipt.broker);

  if (sluice_consumer_new(client, options, listen, NULL, &consumer) != 0) return fail("consumer");
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 30;
  const int got = sem_timedwait(&came, &until);
  sluice_consumer_free(consumer);
  sluice_producer_free(producer);
  sluice_client_free(client);
  sluice_options_free(options);
  return got == 0 ? 0 : 1;
}
