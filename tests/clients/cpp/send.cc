#include <condition_variable>
#include <mutex>
#include <random>

#include <sluice/producer.h>

#include "driver.h"

// The subcommand `send`, with the arguments of the Java driver's Send.java.
namespace driver {
namespace {

std::string body_of(const Args& args, int i) {
  const std::string text = args.text("text");
  if (!text.empty()) return text;
  std::string body(static_cast<std::size_t>(args.number("size", 16)), '\0');
  std::mt19937 noise(static_cast<unsigned>(i));
  for (std::size_t at = 0; at < (body.size() + 1) / 2; ++at) body[at] = static_cast<char>(noise());
  return body;
}

sluice::Message make(const Args& args, int i) {
  const auto at = static_cast<std::size_t>(i);
  sluice::Message message{.topic = args.text("topic"), .body = body_of(args, i)};
  message.properties = {{"p", args.text("p", "p0")},
                        {"s", std::to_string(args.number("first", 0) + i)},
                        {"crc", crc(message.body)}};
  const auto tags = args.list("tags");
  message.tag = tags[at % tags.size()];
  const std::string keys = args.text("keys");
  if (!keys.empty()) message.keys = {keys + std::to_string(i), "all" + keys};
  const auto delays = args.list("delay", "0");
  message.delay_level = nlohmann::json::parse(delays[at % delays.size()]).get<int>();
  const int after = args.number("after", 0), in = args.number("in", 0);
  if (after > 0) message.deliver_after = std::chrono::milliseconds(after);
  if (in > 0) message.deliver_at = std::chrono::system_clock::now() + std::chrono::milliseconds(in);
  message.sharding_key = args.text("shard");
  for (const auto& [name, value] : args.starting("prop."))
    message.properties.emplace_back(name, value);
  for (const auto& [name, list] : args.starting("each.")) {
    const auto values = args.list("each." + name);
    const std::string& value = values[at % values.size()];
    if (!value.empty()) message.properties.emplace_back(name, value);
  }
  return message;
}

const char* name_of(sluice::SendStatus status) {
  static const char* kNames[] = {"SEND_OK", "FLUSH_DISK_TIMEOUT", "FLUSH_SLAVE_TIMEOUT",
                                 "SLAVE_NOT_AVAILABLE"};
  return kNames[static_cast<int>(status)];
}

void tell(long s, const sluice::Outcome<sluice::Receipt>& sent) {
  if (!sent) return line("failed", {{"s", s}, {"why", sent.error().remark}});
  line("sent", {{"s", s},
                {"at", now_ms()},
                {"status", name_of(sent->status)},
                {"broker", sent->queue.broker},
                {"q", sent->queue.id},
                {"o", sent->offset},
                {"id", sent->message_id},
                {"offsetId", sent->offset_id},
                {"recall", sent->recall_handle}});
}

/// Batches of `batch` messages: a line each, with all their ids.
int send_batches(const Args& args, sluice::Producer& producer) {
  const int n = args.number("n", 1), size = args.number("batch", 1);
  for (int i = 0; i < n; i += size) {
    std::vector<sluice::Message> batch;
    for (int s = i; s < n && s < i + size; ++s) batch.push_back(make(args, s));
    const auto sent = producer.send_batch(std::move(batch));
    if (!sent) {
      line("failed", {{"s", i}, {"why", sent.error().remark}});
      continue;
    }
    sluice::Receipt all = sent->front();
    for (std::size_t at = 1; at < sent->size(); ++at) {
      all.message_id += "," + (*sent)[at].message_id;
      all.offset_id += "," + (*sent)[at].offset_id;
    }
    tell(i, all);
  }
  return 0;
}

sluice::ProducerOptions producer_options(const Args& args) {
  static const std::map<std::string, sluice::Compression> codecs{
      {"ZLIB", sluice::Compression::zlib},
      {"LZ4", sluice::Compression::lz4},
      {"ZSTD", sluice::Compression::zstd}};
  return {.group = args.text("group", "driver_producers"),
          .send_timeout = std::chrono::milliseconds(args.number("timeout", 10'000)),
          .retries = args.number("retries", 2),
          .compress_above = static_cast<std::size_t>(args.number("compress", 4'096)),
          .compression = codecs.at(args.text("compression", "ZLIB")),
          .linger = std::chrono::milliseconds(args.text("autobatch") == "true" ? 10 : 0),
          .create_topic_queues = args.number("queues", 4),
          .trace = args.text("trace") == "true"};
}

}  // namespace

int send(const Args& args) {
  sluice::Client client(client_options(args));
  sluice::Producer producer(client, producer_options(args));
  if (args.number("batch", 0) > 0) return send_batches(args, producer);
  const std::string mode = args.text("mode", "sync");
  const int n = args.number("n", 1), queue = args.number("queue", -1);
  sluice::SendOptions options;
  if (queue >= 0) {
    options.selector = [queue](const auto&, const sluice::Message&) {
      return static_cast<std::size_t>(queue);
    };
  }
  std::mutex mutex;
  std::condition_variable changed;
  int open = n;
  bool ok = true;
  for (int i = 0; i < n; ++i) {
    const long s = args.number("first", 0) + i;
    if (mode == "oneway") {
      ok = producer.send_one_way(make(args, i), options).has_value() && ok;
    } else if (mode == "async") {
      producer.async_send(make(args, i), options,
                          [&, s](const sluice::Outcome<sluice::Receipt>& sent) {
                            tell(s, sent);
                            const std::lock_guard<std::mutex> lock(mutex);
                            --open;
                            changed.notify_all();
                          });
    } else {
      const auto sent = producer.send(make(args, i), options);
      tell(s, sent);
      ok = sent.has_value() && ok;
      if (sent && args.text("recall") == "true") {
        const auto back = producer.recall(args.text("topic"), sent->recall_handle);
        line("recalled", {{"s", s}, {"why", back ? "" : back.error().remark}});
      }
    }
  }
  if (mode == "async") {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(60), [&] { return open == 0; });
    ok = open == 0;
  }
  if (mode == "oneway") {
    // A oneway send has no answer. Sends behind it on the same connections prove the bytes left us.
    const auto queues = producer.queues(args.text("topic"));
    for (std::size_t i = 0; queues && i < queues->size(); ++i) {
      if (i > 0 && (*queues)[i].broker == (*queues)[i - 1].broker) continue;
      ok = producer.send({.topic = args.text("topic"), .body = "end of oneway", .tag = "fence"})
               .has_value() &&
           ok;
    }
  }
  if (args.text("stay") == "true") until_told();
  return ok ? 0 : 1;
}

}  // namespace driver
