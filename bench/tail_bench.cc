// How long is the log's tail, the one place that all sends pass through one after the other, held
// for a message? bench/tail_ceiling.py makes of it how far more reactors help.
//
// Arguments: messages placed together, as a wake brings them, and bytes of a body. Timed is what
// happens under the tail's mutex, on one thread: place() for a batch, and take() and release() of
// the group that is written; not the write.

#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/log.h"
#include "base/os/system_clock.h"
#include "store/log_tail.h"
#include "store/testing/temp_folder.h"

namespace {

using namespace sluice;  // NOLINT(google-build-using-namespace): a program of one file

constexpr std::int64_t kRing = 8 << 20, kSegment = 1 << 30, kQueueMost = 1 << 20;

std::vector<store::Pending> make_batch(store::Queue& queue, std::int64_t n,
                                       const std::string& body) {
  static const std::string properties =
      "UNIQ_KEY\x01"
      "7F0000010000000000000000000000AB\x02";
  store::Pending one{.queue = &queue};
  one.message = {.topic = queue.topic(),
                 .queue = queue.id(),
                 .born_ms = 1,
                 .body = as_bytes(body),
                 .properties = properties};
  one.size = *wire::record::encoded_size(one.message, {});
  return std::vector<store::Pending>(static_cast<std::size_t>(n), one);
}

void tail(benchmark::State& state) {
  log::set_level(log::Level::warn);
  const store::testing::TempFolder folder;
  SystemClock clock;
  const auto disk = store::posix_disk();
  const auto opened = *store::MessageStore::open(*disk, clock, {.root = folder.path()});
  const std::string body(static_cast<std::size_t>(state.range(1)), 'b');
  store::LogTail log_tail(kRing, kSegment, {});
  log_tail.start(0, 0);
  store::Group group;
  std::shared_ptr<store::Queue> queue;
  std::vector<store::Pending> batch;
  std::int64_t placed = kQueueMost;
  for (auto _ : state) {
    if (placed >= kQueueMost) {  // entries stay in memory: another queue takes the next ones
      state.PauseTiming();
      queue = opened->queue("bench" + std::to_string(state.iterations()), QueueId(0));
      batch = make_batch(*queue, state.range(0), body);
      placed = 0;
      state.ResumeTiming();
    }
    if (!log_tail.place(batch, from_unix_ms(1))) state.SkipWithError("not placed");
    log_tail.take(group);
    log_tail.release(group);
    group.clear();
    placed += state.range(0);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(tail)->ArgsProduct({{1, 8, 32, 64}, {128, 1024}});

}  // namespace
