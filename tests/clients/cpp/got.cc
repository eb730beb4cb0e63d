#include <algorithm>
#include <chrono>
#include <cstdio>

#include <sluice/message.h>

#include "driver.h"

// The `got` line of a message, as the Java driver's Consume.java prints it.
namespace driver {
namespace {

/// Calls use(name, value) for each property.
template <class Use>
void each_property(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('\x02'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t end = pair.find('\x01');
    if (end != std::string_view::npos) use(pair.substr(0, end), pair.substr(end + 1));
  }
}

}  // namespace

void got(const std::string& by, const sluice::ReceivedMessage& m) {
  nlohmann::json user = nlohmann::json::object(), retry = nlohmann::json::object();
  each_property(m.properties, [&](std::string_view name, std::string_view value) {
    if (name.substr(0, 4) == "test") user[std::string(name)] = value;
    if (name.substr(0, 4) == "DLQ_" || name == "RETRY_TOPIC" || name == "DELAY")
      retry[std::string(name)] = value;
  });
  const std::string_view sum = m.property("crc"), s = m.property("s");
  const auto ms = [](auto time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  };
  nlohmann::json event{{"by", by},
                       {"topic", m.topic},
                       {"q", m.queue_id},
                       {"o", m.offset},
                       {"p", m.property("p")},
                       {"n", std::string(m.property("p")) + "/" + std::string(s)},
                       {"s", s.empty() ? -1 : nlohmann::json::parse(s).get<long>()},
                       {"size", m.body.size()},
                       {"whole", sum.empty() || sum == crc(m.body)},
                       {"tags", m.tag()},
                       {"keys", m.keys()},
                       {"again", m.attempt},
                       {"id", m.id()},
                       {"at", now_ms()},
                       {"stored", ms(m.stored)},
                       {"born", ms(m.born)},
                       {"prop", user},
                       {"retry", retry},
                       {"text", nullptr}};
  if (sum.empty() && m.body.size() <= 64) event["text"] = m.body;
  line("got", std::move(event));
}

void until_told() {
  for (int c = 0; c != EOF && c != '\n';) c = std::getchar();
}

}  // namespace driver
