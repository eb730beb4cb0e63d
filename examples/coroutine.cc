// A thousand sends under way at once, from one coroutine per message:  coroutine 127.0.0.1:9876
#include <iostream>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sluice/producer.h>

namespace asio = boost::asio;

asio::awaitable<void> send_one(sluice::Producer& producer, int number, int& stored) {
  const auto sent = co_await producer.async_send(
      {.topic = "numbers", .body = std::to_string(number)}, asio::use_awaitable);
  if (sent) ++stored;  // all coroutines run on main's thread: no lock
}

int main(int argc, char** argv) {
  sluice::Client client({.name_servers = argc > 1 ? argv[1] : "127.0.0.1:9876"});
  sluice::Producer producer(client, {.group = "counters"});
  asio::io_context io;
  int stored = 0;
  for (int i = 0; i < 1'000; ++i) asio::co_spawn(io, send_one(producer, i, stored), asio::detached);
  io.run();
  std::cout << stored << " stored\n";
  return stored == 1'000 ? 0 : 1;
}
