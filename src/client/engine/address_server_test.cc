#include "client/engine/address_server.h"

#include <future>

#include <gtest/gtest.h>

#include "net/listener.h"

namespace sluice::client {
namespace {

TEST(AddressServer, IsReadFromAUrl) {
  const auto server = parse_address_server("http://mq.example:8080/rocketmq/nsaddr");
  ASSERT_TRUE(server) << server.error().remark();
  EXPECT_EQ(server->host, "mq.example");
  EXPECT_EQ(server->port, 8080);
  EXPECT_EQ(server->path, "/rocketmq/nsaddr");
  EXPECT_EQ(parse_address_server("http://mq")->port, 80);
  for (const char* bad : {"", "mq:80", "https://mq/", "http://", "http://mq:x/", "http://m q/"}) {
    EXPECT_EQ(parse_address_server(bad).error().code(), Errc::invalid_argument) << bad;
  }
}

/// Answers whatever comes with one text, and closes.
class OneAnswer final : public net::Session {
 public:
  OneAnswer(std::shared_ptr<net::Connection> connection, std::string text)
      : connection_(std::move(connection)), text_(std::move(text)) {}
  Result<std::size_t> frame_size(Bytes bytes) override { return bytes.size(); }
  void on_frames(std::span<const MutableBytes>) override {
    connection_->out().text().append(std::string_view(text_));
    connection_->reactor().post([connection = connection_] { connection->close(); });
  }
  void on_closed() override { connection_.reset(); }

 private:
  std::shared_ptr<net::Connection> connection_;
  const std::string text_;
};

Result<std::string> ask(const std::string& answer) {
  net::ReactorPool reactors(1);
  auto listener = net::Listener::open(
      reactors, {.address = "127.0.0.1"},
      [&](const auto& connection) { return std::make_unique<OneAnswer>(connection, answer); });
  std::promise<Result<std::string>> told;
  ask_address_server(reactors.at(0), {.host = "127.0.0.1", .port = (*listener)->port()},
                     milliseconds(5'000),
                     [&](Result<std::string> text) { told.set_value(std::move(text)); });
  auto text = told.get_future().get();
  (*listener)->close();
  reactors.stop();
  return text;
}

TEST(AddressServer, IsAskedOverTheNetwork) {
  EXPECT_EQ(*ask("HTTP/1.1 200 OK\r\n\r\n 10.0.0.1:9876;10.0.0.2:9876 \n"),
            "10.0.0.1:9876;10.0.0.2:9876");
  EXPECT_EQ(ask("HTTP/1.1 500 Broken\r\n\r\n").error().code(), Errc::not_found);
  EXPECT_EQ(ask("nonsense").error().code(), Errc::malformed);
}

}  // namespace
}  // namespace sluice::client
