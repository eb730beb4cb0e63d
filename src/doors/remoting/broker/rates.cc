#include "doors/remoting/broker/rates.h"

#include <fmt/format.h>

namespace sluice::doors {
namespace {

constexpr milliseconds kLongest{600'000};

}  // namespace

Rates::Counters Rates::read(const broker::Traffic& traffic) {
  return {.put_messages = traffic.put_messages,
          .got_messages = traffic.got_messages,
          .get_missed = traffic.get_missed};
}

void Rates::sample(const Counters& now, SteadyTime at) {
  const std::scoped_lock lock(mutex_);
  samples_.push_back({now, at});
  while (samples_.front().at < at - kLongest - kPeriod) samples_.pop_front();
}

double Rates::over(std::int64_t Counters::* counter, milliseconds span) const {
  if (samples_.size() < 2) return 0;
  const Sample& last = samples_.back();
  const Sample* first = &samples_.front();
  for (const Sample& sample : samples_) {
    if (sample.at > last.at - span) break;
    first = &sample;
  }
  const auto passed = static_cast<double>((last.at - first->at).count());
  if (passed <= 0) return 0;
  return static_cast<double>(last.counters.*counter - first->counters.*counter) * 1000 / passed;
}

std::string Rates::text(std::int64_t Counters::* counter) const {
  const std::scoped_lock lock(mutex_);
  return fmt::format("{:.2f} {:.2f} {:.2f}", over(counter, milliseconds(10'000)),
                     over(counter, milliseconds(60'000)), over(counter, kLongest));
}

}  // namespace sluice::doors
