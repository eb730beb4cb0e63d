// A pipeline of coroutines on one thread: numbers come from one topic, their squares go to another.
// A number is done when its square is stored, and only so many are in hand at once:  pipeline
// 127.0.0.1:9876
#include <charconv>
#include <iostream>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sluice/producer.h>
#include <sluice/push_consumer.h>

namespace asio = boost::asio;

constexpr int kNumbers = 100, kAtOnce = 8;

struct Pipeline {
  sluice::PushConsumer& numbers;
  sluice::Producer& squares;
  asio::io_context& io;
  int stored = 0;
};

asio::awaitable<void> square(Pipeline& pipe) {
  while (auto delivery = co_await pipe.numbers.next()) {
    int number = 0;
    const std::string_view text = (*delivery)->body;
    std::from_chars(text.data(), text.data() + text.size(), number);
    const auto sent = co_await pipe.squares.async_send(
        {.topic = "squares", .body = std::to_string(number * number)}, asio::use_awaitable);
    if (!sent) continue;  // the number is dropped here, so it comes again
    delivery->done();
    if (++pipe.stored == kNumbers) pipe.io.stop();
  }
}

int main(int argc, char** argv) {
  asio::io_context io;  // first: it must outlive the consumer, whose waiting calls go on in it
  sluice::Client client({.name_servers = argc > 1 ? argv[1] : "127.0.0.1:9876"});
  sluice::Producer producer(client);
  for (int i = 0; i < kNumbers; ++i) {
    const auto sent = producer.send({.topic = "numbers_in", .body = std::to_string(i)});
    if (!sent) return std::cerr << sent.error().remark << '\n', 1;
  }
  sluice::PushConsumer consumer(client, {.group = "squarers",
                                         .subscriptions = {{.topic = "numbers_in"}},
                                         .start = sluice::StartAt::first});
  Pipeline pipe{consumer, producer, io};
  for (int i = 0; i < kAtOnce; ++i) asio::co_spawn(io, square(pipe), asio::detached);
  io.run_for(std::chrono::seconds(60));
  std::cout << pipe.stored << " squares stored\n";
  return pipe.stored >= kNumbers ? 0 : 1;
}
