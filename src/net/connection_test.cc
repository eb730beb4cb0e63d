#include <array>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/listener.h"

namespace sluice::net {
namespace {

/// Frames of one length byte and that many bytes; what arrives is sent back, twice when it starts
/// with '2'.
class Echo final : public Session {
 public:
  explicit Echo(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  Result<std::size_t> frame_size(Bytes bytes) override {
    const auto length = std::to_integer<std::size_t>(bytes[0]);
    if (length == 0) return fail(Errc::malformed, "a frame of length 0");
    if (length == 255)
      return bytes.size() < 4 ? 0 : 4 + std::to_integer<std::size_t>(bytes[3]) * 65536;
    return length + 1;
  }
  void on_frames(std::span<const MutableBytes> frames) override {
    for (auto frame : frames) connection_->out().text().append(Bytes(frame));
  }
  void on_closed() override { connection_.reset(); }

 private:
  std::shared_ptr<Connection> connection_;
};

/// Collects what comes back and lets the test wait for it.
struct Received {
  std::mutex mutex;
  std::condition_variable changed;
  std::string text;
  bool closed = false;

  bool wait_for(std::size_t bytes) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), [&] { return text.size() >= bytes; });
  }
  bool wait_closed() {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), [&] { return closed; });
  }
};

class Collect final : public Session {
 public:
  explicit Collect(std::shared_ptr<Received> received) : received_(std::move(received)) {}
  Result<std::size_t> frame_size(Bytes bytes) override { return bytes.size(); }
  void on_frames(std::span<const MutableBytes> frames) override {
    const std::lock_guard lock(received_->mutex);
    for (auto frame : frames) received_->text += as_text(frame);
    received_->changed.notify_all();
  }
  void on_closed() override {
    const std::lock_guard lock(received_->mutex);
    received_->closed = true;
    received_->changed.notify_all();
  }

 private:
  const std::shared_ptr<Received> received_;  // sessions outlive the test's own frame
};

class ConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    ListenOptions options;
    options.address = "127.0.0.1";
    options.connections_max = 3;
    auto listener =
        Listener::open(reactors_, options, [](const std::shared_ptr<Connection>& connection) {
          return std::make_unique<Echo>(connection);
        });
    ASSERT_TRUE(listener) << listener.error().remark();
    listener_ = std::move(*listener);
  }
  void TearDown() override { listener_->close(); }

  Result<std::shared_ptr<Connection>> dial(const std::shared_ptr<Received>& received) {
    std::promise<Result<std::shared_ptr<Connection>>> promise;
    connect(
        reactors_.at(0), {"127.0.0.1", listener_->port()}, milliseconds(5000), {},
        [&](const std::shared_ptr<Connection>&) { return std::make_unique<Collect>(received); },
        [&](auto result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }
  static void send(const std::shared_ptr<Connection>& connection, std::string_view text) {
    connection->reactor().run_and_wait([&] {
      connection->out().text().append(text);
      connection->flush();
    });
  }

  ReactorPool reactors_{2};
  std::unique_ptr<Listener> listener_;
};

TEST_F(ConnectionTest, DeliversFramesHoweverTheyAreCut) {
  auto received = std::make_shared<Received>();
  auto connection = dial(received);
  ASSERT_TRUE(connection) << connection.error().remark();
  std::string all;
  for (int i = 1; i < 200; ++i)
    all += static_cast<char>(i) + std::string(static_cast<std::size_t>(i), 'x');
  for (std::size_t at = 0, step = 1; at < all.size(); at += step, step = step % 97 + 1) {
    send(*connection, std::string_view(all).substr(at, step));
  }
  ASSERT_TRUE(received->wait_for(all.size()));
  EXPECT_EQ(received->text, all);
  (*connection)->reactor().run_and_wait([&] { (*connection)->close(); });
  EXPECT_TRUE(received->wait_closed());
}

TEST_F(ConnectionTest, DeliversFramesLargerThanTheReadBuffer) {
  auto received = std::make_shared<Received>();
  auto connection = dial(received);
  ASSERT_TRUE(connection);
  std::string frame("\xff\0\0\x20", 4);
  for (int i = 0; frame.size() < 4 + 0x20 * 65536UL; ++i) frame += static_cast<char>('a' + i % 26);
  const std::string all = frame + std::string("\x01z", 2) + frame;
  send(*connection, all);
  ASSERT_TRUE(received->wait_for(all.size()));
  EXPECT_TRUE(received->text == all);
}

TEST_F(ConnectionTest, ClosesOnAFrameThatCannotBe) {
  auto received = std::make_shared<Received>();
  auto connection = dial(received);
  ASSERT_TRUE(connection);
  send(*connection, std::string_view("\0", 1));
  EXPECT_TRUE(received->wait_closed());
}

TEST_F(ConnectionTest, RefusesMoreConnectionsThanAllowed) {
  std::array<std::shared_ptr<Received>, 4> received;
  for (auto& r : received) r = std::make_shared<Received>();
  std::vector<std::shared_ptr<Connection>> open;
  for (std::size_t i = 0; i < 3; ++i) {
    auto connection = dial(received[i]);
    ASSERT_TRUE(connection);
    send(*connection, std::string_view("\x01y", 2));
    ASSERT_TRUE(received[i]->wait_for(2));
    open.push_back(*connection);
  }
  auto fourth = dial(received[3]);
  if (fourth) {
    EXPECT_TRUE(received[3]->wait_closed());
  }
}

TEST_F(ConnectionTest, SaysWhereItCouldNotConnect) {
  const auto port = listener_->port();
  listener_->close();
  auto received = std::make_shared<Received>();
  std::promise<Result<std::shared_ptr<Connection>>> promise;
  connect(
      reactors_.at(0), {"127.0.0.1", port}, milliseconds(5000), {},
      [&](const std::shared_ptr<Connection>&) { return std::make_unique<Collect>(received); },
      [&](auto result) { promise.set_value(std::move(result)); });
  const auto result = promise.get_future().get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Errc::closed);
  EXPECT_NE(result.error().remark().find("127.0.0.1:" + std::to_string(port)),
            std::string_view::npos);
}

TEST_F(ConnectionTest, APortInUseIsNamed) {
  ListenOptions options;
  options.address = "127.0.0.1";
  options.port = listener_->port();
  const auto second = Listener::open(reactors_, options, nullptr);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Errc::in_use);
  EXPECT_NE(second.error().remark().find(std::to_string(options.port)), std::string_view::npos);
}

TEST(Timer, FiresOnceAndNotAfterItIsGone) {
  ReactorPool reactors(1);
  std::promise<void> fired;
  std::optional<Timer> timer, gone;
  reactors.at(0).run_and_wait([&] {
    timer.emplace(reactors.at(0), [&] { fired.set_value(); });
    timer->arm(milliseconds(1));
    gone.emplace(reactors.at(0), [] { FAIL() << "a timer that is gone"; });
    gone->arm(milliseconds(1));
    gone.reset();
  });
  EXPECT_EQ(fired.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  reactors.at(0).run_and_wait([&] { timer.reset(); });
}

}  // namespace
}  // namespace sluice::net
