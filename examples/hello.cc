// Sends a message and says where it went:  hello 127.0.0.1:9876
#include <iostream>

#include <sluice/producer.h>

int main(int argc, char** argv) {
  sluice::Client client({.name_servers = argc > 1 ? argv[1] : "127.0.0.1:9876"});
  sluice::Producer producer(client, {.group = "greeters"});
  const auto sent = producer.send({.topic = "greetings", .body = "hello"});
  if (!sent) return std::cerr << sent.error().remark << '\n', 1;
  std::cout << "queue " << sent->queue.id << " offset " << sent->offset << '\n';
}
