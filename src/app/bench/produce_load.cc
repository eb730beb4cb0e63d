#include "app/bench/produce_load.h"

#include <algorithm>
#include <cstring>

#include <sys/prctl.h>

#include "app/bench/pace.h"

namespace sluice::app {

using std::chrono::steady_clock;

void TimeStamp::write(std::string& body) const {
  std::memcpy(body.data(), &run, sizeof run);
  std::memcpy(body.data() + sizeof run, &due_ns, sizeof due_ns);
}

bool TimeStamp::read(std::string_view body, std::uint64_t run, TimeStamp& stamp) {
  if (body.size() < kBytes) return false;
  std::memcpy(&stamp.run, body.data(), sizeof stamp.run);
  std::memcpy(&stamp.due_ns, body.data() + sizeof stamp.run, sizeof stamp.due_ns);
  return stamp.run == run;
}

ProduceLoad::Worker::Worker(const ProduceLoadOptions& options)
    : client(options.client), producer(client, options.producer), slots(options.in_flight) {}

ProduceLoad::ProduceLoad(ProduceLoadOptions options, Meter& meter)
    : options_(std::move(options)), meter_(meter), start_(steady_clock::now()) {
  for (int i = 0; i < options_.producers; ++i) {
    workers_.push_back(std::make_unique<Worker>(options_));
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = *workers_[i];
    worker.thread = std::jthread(
        [this, &worker, i](const std::stop_token& stopped) { run(stopped, worker, i); });
  }
}

ProduceLoad::~ProduceLoad() { stop(); }

void ProduceLoad::stop() {
  for (const auto& worker : workers_) worker->thread.request_stop();
  for (const auto& worker : workers_) {
    if (!worker->thread.joinable()) continue;
    worker->thread.join();
    for (int i = 0; i < options_.in_flight; ++i) worker->slots.acquire();
    worker->client.close();
  }
}

void ProduceLoad::run(const std::stop_token& stopped, Worker& worker, std::size_t number) {
  // Sleeps end when they should, not when it suits the kernel (50 us later, by default).
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  const Pace pace(start_, options_.rate > 0 ? options_.rate : 1);
  for (std::uint64_t n = number; !stopped.stop_requested(); n += workers_.size()) {
    steady_clock::time_point due = pace.due(n);
    if (options_.rate > 0) std::this_thread::sleep_until(due);
    worker.slots.acquire();
    if (options_.rate <= 0) due = steady_clock::now();
    send(worker, due);
  }
}

void ProduceLoad::send(Worker& worker, steady_clock::time_point due) {
  Message message = options_.message;
  message.body.resize(options_.body_bytes, 'x');
  if (options_.stamp_run != 0) {
    TimeStamp{.run = options_.stamp_run, .due_ns = due.time_since_epoch().count()}.write(
        message.body);
  }
  worker.producer.async_send(std::move(message),
                             [this, &worker, due](const Outcome<Receipt>& sent) {
                               if (sent.has_value()) {
                                 meter_.message(options_.body_bytes, steady_clock::now() - due);
                               } else {
                                 meter_.failure(sent.error().remark);
                               }
                               worker.slots.release();
                             });
}

}  // namespace sluice::app
