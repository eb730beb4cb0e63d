// What an append costs: ways to bring bytes into a log file, then the store itself.
//
// Files lie in a new folder below $TMPDIR (or /tmp): put that on the disk to be measured.

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os/system_clock.h"
#include "store/message_store.h"
#include "store/testing/temp_folder.h"

namespace {

using namespace sluice;  // NOLINT(google-build-using-namespace): a program of one file
using store::testing::TempFolder;

constexpr std::int64_t kFileBytes = 256LL << 20;
constexpr std::size_t kRecord = 1024;

enum class Prepare : std::uint8_t { sparse, populated, allocated };

/// A file of kFileBytes, made anew whenever it is full; making it is not timed, populating it is.
class LogFile {
 public:
  explicit LogFile(Prepare prepare) : prepare_(prepare), path_(folder_.path() + "/log") { renew(); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile() { drop(); }

  int fd() const { return fd_; }
  std::byte* memory() const { return memory_; }
  /// Where the next `n` bytes go.
  std::int64_t take(benchmark::State& state, std::int64_t n) {
    if (at_ + n > kFileBytes) {
      state.PauseTiming();
      renew();
      state.ResumeTiming();
      if (prepare_ == Prepare::populated) populate();
    }
    return std::exchange(at_, at_ + n);
  }

 private:
  void renew() {
    drop();
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const bool made = prepare_ == Prepare::allocated ? ::posix_fallocate(fd_, 0, kFileBytes) == 0
                                                     : ::ftruncate(fd_, kFileBytes) == 0;
    void* at = ::mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (!made || at == MAP_FAILED) std::abort();
    memory_ = static_cast<std::byte*>(at);
    at_ = 0;
  }
  void populate() const { (void)::madvise(memory_, kFileBytes, MADV_POPULATE_WRITE); }
  void drop() {
    if (fd_ < 0) return;
    ::munmap(memory_, kFileBytes);
    ::close(fd_);
    ::unlink(path_.c_str());
  }

  TempFolder folder_;
  Prepare prepare_;
  std::string path_;
  int fd_ = -1;
  std::byte* memory_ = nullptr;
  std::int64_t at_ = kFileBytes;
};

void count_bytes(benchmark::State& state, std::int64_t each) {
  state.SetBytesProcessed(state.iterations() * each);
}

/// (a) and (b): records copied into the mapping.
void copy_into_mapping(benchmark::State& state, Prepare prepare) {
  LogFile file(prepare);
  const std::vector<std::byte> record(kRecord, std::byte{'r'});
  for (auto _ : state) {
    std::memcpy(file.memory() + file.take(state, kRecord), record.data(), kRecord);
  }
  count_bytes(state, kRecord);
}
BENCHMARK_CAPTURE(copy_into_mapping, sparse, Prepare::sparse);
BENCHMARK_CAPTURE(copy_into_mapping, populated, Prepare::populated);

/// (c) and (d): records copied into a buffer, the buffer written when full. Argument: bytes of the
/// buffer.
void write_from_buffer(benchmark::State& state, Prepare prepare) {
  LogFile file(prepare);
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::vector<std::byte> record(kRecord, std::byte{'r'});
  std::vector<std::byte> buffer(size);
  std::size_t used = 0;
  for (auto _ : state) {
    std::memcpy(buffer.data() + used, record.data(), kRecord);
    used += kRecord;
    if (used < size) continue;
    const std::int64_t at = file.take(state, static_cast<std::int64_t>(size));
    if (::pwrite(file.fd(), buffer.data(), size, at) != static_cast<ssize_t>(size)) std::abort();
    used = 0;
  }
  count_bytes(state, kRecord);
}
BENCHMARK_CAPTURE(write_from_buffer, sparse, Prepare::sparse)
    ->Arg(4 << 10)
    ->Arg(64 << 10)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(write_from_buffer, allocated, Prepare::allocated)
    ->Arg(4 << 10)
    ->Arg(64 << 10)
    ->Arg(1 << 20);

/// A store on the real disk whose maintenance runs every 64 MiB or so, with what it keeps bounded.
struct Bench {
  Bench() {
    log::set_level(log::Level::warn);
    opened = std::move(*store::MessageStore::open(
        *disk, clock, {.root = folder.path(), .segment_bytes = kFileBytes}));
  }
  TempFolder folder;
  std::unique_ptr<store::Disk> disk = store::posix_disk();
  SystemClock clock;
  std::unique_ptr<store::MessageStore> opened;
};

std::unique_ptr<Bench>
    shared;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): of the threads below

std::vector<store::Pending> make_batch(store::Queue& queue, std::int64_t n,
                                       const std::string& body) {
  store::Pending one{.queue = &queue};
  one.message = {.topic = queue.topic(), .queue = queue.id(), .born_ms = 1, .body = as_bytes(body)};
  one.size = *wire::record::encoded_size(one.message, {});
  return std::vector<store::Pending>(static_cast<std::size_t>(n), one);
}

/// Arguments: messages in a batch, bytes of a body. Each thread has its own queue.
void store_append(benchmark::State& state) {
  if (state.thread_index() == 0) shared = std::make_unique<Bench>();
  const std::string body(static_cast<std::size_t>(state.range(1)), 'b');
  std::shared_ptr<store::Queue> queue;
  std::vector<store::Pending> batch;
  std::int64_t appended = 0;
  for (auto _ : state) {
    if (queue == nullptr) {  // inside the loop, where the other thread has finished its set-up
      queue = shared->opened->queue("bench", QueueId(state.thread_index()));
      batch = make_batch(*queue, state.range(0), body);
    }
    for (store::Pending& message : batch)
      message.crc = wire::record::body_crc(message.message.body);
    if (!shared->opened->append(batch)) state.SkipWithError("append failed");
    appended += state.range(0) * batch[0].size;
    if (state.thread_index() != 0 || appended < (64 << 20)) continue;
    state.PauseTiming();
    appended = 0;
    shared->opened->maintain();
    (void)shared->opened->drop_older_than(milliseconds(0), 100);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  if (state.thread_index() == 0) shared.reset();
}
BENCHMARK(store_append)->ArgsProduct({{1, 32}, {128, 1024}})->ThreadRange(1, 2)->UseRealTime();

/// Reading 32 records of 1 KiB in a row that are in the page cache: through a slice of the mapping,
/// or copied.
void read_by_slice(benchmark::State& state) {
  Bench bench;
  auto queue = bench.opened->queue("bench", QueueId(0));
  const std::string body(kRecord, 'b');
  auto batch = make_batch(*queue, 32, body);
  for (int i = 0; i < 1000; ++i) (void)bench.opened->append(batch);
  const std::int32_t bytes = batch[0].size * 32;
  const std::int64_t runs = bench.opened->end().value / bytes;
  std::int64_t run = 0;
  for (auto _ : state) {
    const auto slice = bench.opened->read(LogPosition(run++ % runs * bytes), bytes);
    if (!slice) std::abort();
    std::uint32_t sum = 0;  // touch every record's head, as a pull does
    for (std::int32_t at = 0; at < bytes; at += batch[0].size) {
      sum += load_be<std::uint32_t>(slice->bytes.data() + at);
    }
    benchmark::DoNotOptimize(sum);
  }
  count_bytes(state, bytes);
}
BENCHMARK(read_by_slice);

void read_by_pread(benchmark::State& state) {
  Bench bench;
  auto queue = bench.opened->queue("bench", QueueId(0));
  const std::string body(kRecord, 'b');
  auto batch = make_batch(*queue, 32, body);
  for (int i = 0; i < 1000; ++i) (void)bench.opened->append(batch);
  const auto bytes = static_cast<std::size_t>(batch[0].size) * 32;
  const auto runs = static_cast<std::size_t>(bench.opened->end().value) / bytes;
  auto file = *bench.disk->open(bench.folder.path() + "/commitlog/00000000000000000000",
                                store::Disk::Open::read);
  std::vector<std::byte> buffer(bytes);
  std::size_t run = 0;
  for (auto _ : state) {
    if (!file->read(static_cast<std::int64_t>(run++ % runs * bytes), buffer)) std::abort();
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at < bytes; at += static_cast<std::size_t>(batch[0].size)) {
      sum += load_be<std::uint32_t>(buffer.data() + at);
    }
    benchmark::DoNotOptimize(sum);
  }
  count_bytes(state, static_cast<std::int64_t>(bytes));
}
BENCHMARK(read_by_pread);

}  // namespace
