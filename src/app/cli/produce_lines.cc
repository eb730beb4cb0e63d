#include <deque>
#include <functional>
#include <istream>
#include <map>

#include <boost/asio/use_future.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sluice/producer.h>

#include "app/cli/produce.h"
#include "app/cli/start_position.h"
#include "app/cli/text.h"
#include "base/os/system_clock.h"

namespace sluice::app {
namespace {

using Receipts = std::vector<Receipt>;
using Sent = Outcome<Receipts>;
/// Waits for what was begun.
using Pending = std::move_only_function<Sent()>;

constexpr std::size_t kMessageBytesMax = 64u << 20;  // the broker says what it takes

const std::map<std::string_view, Compression> kCompressions{
    {"zlib", Compression::zlib}, {"lz4", Compression::lz4}, {"zstd", Compression::zstd}};

ProducerOptions producer_options(const ProduceOptions& options) {
  return {.group = options.group,
          .send_timeout = milliseconds(options.reach.connect.timeout_ms),
          .retries = static_cast<int>(options.retries),
          .max_bytes_in_flight = 2 * kMessageBytesMax,
          .max_message_bytes = kMessageBytesMax,
          .compress_above = static_cast<std::size_t>(options.compress_above),
          .compression = kCompressions.at(options.compression),
          .linger = milliseconds(options.linger_ms),
          .create_topic_queues = options.create ? static_cast<int>(options.create_queues) : 0,
          .trace = options.trace};
}

/// What all messages have in common.
Result<Message> pattern_of(const ProduceOptions& options) {
  Message message{.topic = options.topic,
                  .body = {},
                  .tag = options.tag,
                  .keys = options.keys,
                  .sharding_key = options.sharding_key,
                  .delay_level = static_cast<int>(options.delay_level)};
  SLUICE_TRY(const auto properties, parse_pairs("--property", options.properties));
  message.properties.assign(properties.begin(), properties.end());
  if (!options.deliver_after.empty()) {
    SLUICE_TRY(message.deliver_after, parse_duration(options.deliver_after, "--deliver-after"));
  }
  if (!options.deliver_at.empty()) {
    SLUICE_TRY(const std::int64_t at, parse_moment(options.deliver_at, "--deliver-at"));
    message.deliver_at = std::chrono::system_clock::time_point(milliseconds(at));
  }
  return message;
}

Sent alone(Outcome<Receipt> sent) {
  if (!sent) return sent.error();
  return Receipts{std::move(*sent)};
}

Pending transaction(Producer& producer, std::vector<Message> messages,
                    const ProduceOptions& options) {
  auto begun = producer.begin(std::move(messages.front()));
  Outcome<void> decided;
  if (begun && options.transaction == "commit") decided = begun->commit();
  if (begun && options.transaction == "rollback") decided = begun->rollback();
  return [begun = std::move(begun), decided = std::move(decided)]() -> Sent {
    if (!begun) return begun.error();
    if (!decided) return decided.error();
    return Receipts{begun->receipt()};
  };
}

Pending batch(Producer& producer, std::vector<Message> messages, const ProduceOptions&) {
  return
      [sent = producer.async_send_batch(std::move(messages), SendOptions{},
                                        boost::asio::use_future)]() mutable { return sent.get(); };
}

Pending single(Producer& producer, std::vector<Message> messages, const ProduceOptions&) {
  return
      [sent = producer.async_send(std::move(messages.front()), boost::asio::use_future)]() mutable {
        return alone(sent.get());
      };
}

/// How messages go out: the first row that applies.
struct Way {
  bool (*applies)(const ProduceOptions&);
  Pending (*begin)(Producer&, std::vector<Message>, const ProduceOptions&);
};
constexpr Way kWays[] = {
    {[](const ProduceOptions& o) { return !o.transaction.empty(); }, transaction},
    {[](const ProduceOptions& o) { return o.batch > 1; }, batch},
    {[](const ProduceOptions&) { return true; }, single},
};

/// Lines on their way: as many at once as the options say, and told of in their order.
class Lines {
 public:
  Lines(Producer& producer, const ProduceOptions& options)
      : producer_(producer),
        options_(options),
        way_(*std::ranges::find_if(kWays, [&](const Way& way) { return way.applies(options); })) {}

  Result<void> send(std::vector<Message> messages, std::size_t first_line) {
    const std::size_t count = messages.size();
    under_way_.push_back({way_.begin(producer_, std::move(messages), options_), first_line, count});
    return wait_for_all_but(static_cast<std::size_t>(options_.in_flight) - 1);
  }
  Result<void> finish() { return wait_for_all_but(0); }
  std::size_t sent() const { return sent_; }

 private:
  struct Begun {
    Pending pending;
    std::size_t line, messages;
  };

  Result<void> wait_for_all_but(std::size_t left) {
    while (under_way_.size() > left) {
      Begun begun = std::move(under_way_.front());
      under_way_.pop_front();
      const Sent sent = begun.pending();
      if (!sent) {
        const Error error = error_of(sent.error());
        return fail(error.code(), fmt::format("line {} was not sent, {} before it were: {}",
                                              begun.line, sent_, error.remark()));
      }
      sent_ += begun.messages;
      if (options_.as_json) show(*sent);
    }
    return {};
  }

  static void show(const Receipts& receipts) {
    for (const Receipt& receipt : receipts) {
      nlohmann::ordered_json out{{"broker", receipt.queue.broker},
                                 {"queue", receipt.queue.id},
                                 {"offset", receipt.offset},
                                 {"id", receipt.message_id}};
      if (!receipt.transaction_id.empty()) out["transaction"] = receipt.transaction_id;
      if (!receipt.recall_handle.empty()) out["recallHandle"] = receipt.recall_handle;
      fmt::print("{}\n", json_text(out));
    }
  }

  Producer& producer_;
  const ProduceOptions& options_;
  const Way& way_;
  std::deque<Begun> under_way_;
  std::size_t sent_ = 0;
};

/// With --key-separator the line begins with the message's key, which also keeps its order.
Result<Message> message_of(const Message& pattern, std::string line, std::size_t number,
                           const std::string& separator) {
  Message message = pattern;
  if (separator.empty()) {
    message.body = std::move(line);
    return message;
  }
  const std::size_t end = line.find(separator);
  if (end == std::string::npos || end == 0 || end + separator.size() == line.size()) {
    return fail(Errc::invalid_argument,
                fmt::format("line {} is no key, '{}' and a body: {}", number, separator, line));
  }
  message.sharding_key = line.substr(0, end);
  message.keys.push_back(message.sharding_key);
  message.body = line.substr(end + separator.size());
  return message;
}

}  // namespace

Result<void> produce(const ProduceOptions& options, std::istream& in) {
  SLUICE_TRY(const Message pattern, pattern_of(options));
  Client client(client_options(options.reach));
  Producer producer(client, producer_options(options));
  Lines lines(producer, options);
  std::vector<Message> together;
  std::size_t number = 0, first = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty()) continue;
    SLUICE_TRY(Message message, message_of(pattern, line, number, options.key_separator));
    if (together.empty()) first = number;
    together.push_back(std::move(message));
    if (std::cmp_less(together.size(), options.batch)) continue;
    SLUICE_CHECK(lines.send(std::exchange(together, {}), first));
  }
  if (!together.empty()) SLUICE_CHECK(lines.send(std::move(together), first));
  SLUICE_CHECK(lines.finish());
  if (!options.as_json) {
    fmt::print(stderr, "sent {} messages to {}\n", lines.sent(), options.topic);
  }
  return {};
}

}  // namespace sluice::app
