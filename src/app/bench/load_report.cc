#include "app/bench/load_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/table.h"

namespace sluice::app {
namespace {

constexpr double kMiB = 1 << 20;

struct Mark {
  const char* name;
  double share;
};
constexpr Mark kMarks[] = {{"p50", 0.5},     {"p90", 0.9},       {"p99", 0.99},
                           {"p99.9", 0.999}, {"p99.99", 0.9999}, {"max", 1}};

double micros(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e3; }

double per_second(std::uint64_t amount, double seconds) {
  return seconds > 0 ? static_cast<double>(amount) / seconds : 0;
}

std::string time_text(std::chrono::nanoseconds time) {
  const double us = micros(time);
  if (us < 1e3) return fmt::format("{:.0f} us", us);
  if (us < 1e6) return fmt::format("{:.2f} ms", us / 1e3);
  return fmt::format("{:.2f} s", us / 1e6);
}

double cpu_us_per_message(const LoadReport& report) {
  const auto messages = static_cast<double>(report.counts.messages);
  return messages > 0 ? report.cpu_seconds * 1e6 / messages : 0;
}

}  // namespace

std::string progress_line(const Counts& last, double seconds, double since_start) {
  std::string line =
      fmt::format("{:5.0f} s  {:>9.0f} messages/s  {:7.1f} MiB/s", since_start,
                  per_second(last.messages, seconds), per_second(last.bytes, seconds) / kMiB);
  if (last.latency.count() > 0) {
    line += fmt::format("  p50 {}  p99 {}  max {}", time_text(last.latency.percentile(0.5)),
                        time_text(last.latency.percentile(0.99)), time_text(last.latency.max()));
  }
  if (last.failures > 0) line += fmt::format("  {} failed", last.failures);
  return line;
}

std::string report_text(const LoadReport& report) {
  const Counts& counts = report.counts;
  Table table({{report.work, Table::Align::left}, {"", Table::Align::right}});
  table.row({"measured", fmt::format("{:.1f} s", report.seconds)});
  table.row({"messages", fmt::format("{}", counts.messages)});
  table.row({"failed", fmt::format("{}", counts.failures)});
  table.row({"messages/s", fmt::format("{:.0f}", per_second(counts.messages, report.seconds))});
  table.row({"MiB/s", fmt::format("{:.1f}", per_second(counts.bytes, report.seconds) / kMiB)});
  table.row({"client CPU per message", fmt::format("{:.2f} us", cpu_us_per_message(report))});
  std::string text = table.text();
  if (counts.latency.count() > 0) {
    Table latency(
        {{"latency, " + report.latency_of, Table::Align::left}, {"", Table::Align::right}});
    for (const Mark& mark : kMarks) {
      latency.row({mark.name, time_text(counts.latency.percentile(mark.share))});
    }
    text += "\n" + latency.text();
  }
  if (counts.failures > 0) text += fmt::format("\nfirst failure: {}\n", counts.first_failure);
  return text;
}

nlohmann::ordered_json report_json(const LoadReport& report) {
  const Counts& counts = report.counts;
  nlohmann::ordered_json json{{"work", report.work},
                              {"seconds", report.seconds},
                              {"messages", counts.messages},
                              {"failed", counts.failures},
                              {"messagesPerSecond", per_second(counts.messages, report.seconds)},
                              {"bytesPerSecond", per_second(counts.bytes, report.seconds)},
                              {"clientCpuMicrosPerMessage", cpu_us_per_message(report)}};
  if (counts.failures > 0) json["firstFailure"] = counts.first_failure;
  if (counts.latency.count() > 0) {
    nlohmann::ordered_json& latency = json["latencyMicros"];
    latency["of"] = report.latency_of;
    latency["mean"] = micros(counts.latency.mean());
    for (const Mark& mark : kMarks)
      latency[mark.name] = micros(counts.latency.percentile(mark.share));
  }
  return json;
}

}  // namespace sluice::app
