#include "base/os/worker_pool.h"

#include <atomic>
#include <latch>

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(WorkerPool, DoesJobsOnItsThreadsAtOnce) {
  WorkerPool pool("test", 2, 10);
  std::latch both(2), done(2);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(pool.submit([&] {
      both.arrive_and_wait();  // needs two threads
      done.count_down();
    }));
  }
  done.wait();
}

TEST(WorkerPool, RefusesWhatIsTooMuchAndEverythingAfterItStopped) {
  WorkerPool pool("test", 1, 2);
  std::latch begun(1), go(1);
  std::atomic<int> ran{0};
  ASSERT_TRUE(pool.submit([&] {
    begun.count_down();
    go.wait();
    ++ran;
  }));
  begun.wait();
  EXPECT_TRUE(pool.submit([&] { ++ran; }));
  EXPECT_TRUE(pool.submit([&] { ++ran; }));
  EXPECT_FALSE(pool.submit([&] { ++ran; }));
  std::jthread opener([&] { go.count_down(); });
  pool.stop();
  EXPECT_GE(ran, 1) << "what runs is ended";
  EXPECT_FALSE(pool.submit([&] { ++ran; }));
}

}  // namespace
}  // namespace sluice
