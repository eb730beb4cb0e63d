#include "delivery/dispatch/matrix.h"

#include <cctype>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "delivery/dispatch/testing/play.h"

namespace sluice::delivery {
namespace {

using enum Model;
using enum Mode;

/// One cell of the matrix: an act, `=>`, what it shows. Keys 1 and 2 fall into the lower half of
/// the slots, 40000 into the upper; the second member of a key-shared group gets the lower half.
struct Scene {
  Model model;
  Mode mode;
  std::vector<std::string> lines;
};

const std::vector<Scene>& scenes() {
  static const std::vector<Scene> kScenes{
      {pull,
       exclusive,
       {"arrive 1 1/7 1 1", "join a => ", "join b => in_use", "pull b 0 9 => not_found",
        "pull a 0 2 => a0 a1 next 2", "pull a 1 9 => a1 a2 a3 next 4", "pull a 4 9 => next 4",
        "ackto a 2 => done", "ackto a 1 => late", "floor => 3", "want a 7",
        "pull a 0 9 => a1 next 4", "leave a => ", "join b => ", "pull b 3 9 => b3 next 4"}},
      {pull,
       failover,
       {"arrive 1 1", "join a => a+", "join b => b-", "pull b 0 9 => next 0",
        "pull a 0 9 => a0 a1 next 2", "ackto b 0 => late", "ackto a 0 => done", "leave a => b+",
        "pull b 1 9 => next 1", "again => 1000", "at 1000", "pull b 1 9 => b1 next 2"}},
      {pull,
       shared,
       {"arrive 1 1 1 1", "join a => ", "join b => ", "pull a 0 2 => a0 a1 next 2",
        "pull b 0 1 => b2 next 3", "pull a 0 3 => a0 a1 a3 next 4", "ack b 0 => late",
        "ack a 0 => done", "ackto a 1 => unsupported", "crash a => ", "ack b 2 => done",
        "pull b 0 9 => b1#1 b3#1 next 4", "floor => 1"}},
      {pull,
       key_shared,
       {"join a => ", "join b => ", "arrive 40000 1 40000 2", "pull a 0 1 => a0 next 1",
        "pull b 0 9 => b1 b3 next 4", "pull a 0 9 => a0 a2 next 3", "leave b => ",
        "pull a 3 9 => a1#1 a3#1 next 4", "ack a 2 => done"}},
      {pull,
       broadcast,
       {"arrive 1 1 1", "join a => ", "join b => ", "pull a 0 2 => a0 a1 next 2",
        "pull b 0 9 => b0 b1 b2 next 3", "ackto b 2 => done", "floor a => 0", "floor b => 3"}},
      {push,
       exclusive,
       {"arrive 1 1 1 1 1", "join a => ", "join b => in_use", "push => ", "permits a 3",
        "push => a0 a1 a2", "ack a 1 => done", "nack a 0 => done", "permits a 9",
        "push => a0#1 a2 a3 a4", "ackto a 3 => done", "floor => 4", "crash a => ", "join b => ",
        "permits b 9", "push => b4#1"}},
      {push,
       failover,
       {"arrive 1 1 1", "join b => b+", "permits b 2", "push => b0 b1", "join c => c-",
        "ack b 0 => done", "join a => a+ b- c-", "permits a 9", "push => ", "again => 1000",
        "at 1000", "push => a1 a2", "join d 1 => d-", "crash a => b+ c- d-", "at 2000",
        "permits b 8", "push => b1#1 b2#1", "ack a 2 => late", "ack b 1 => done"}},
      {push,
       shared,
       {"arrive 1 1 1 1", "join a => ", "join b => ", "join c 1 => ", "permits a 1", "permits b 1",
        "permits c 1", "push => a0 b1 c2", "nack b 1 50 => done", "permits a 9", "push => a3",
        "again => 50", "at 50", "push => a1#1", "ackto a 3 => unsupported", "redeliver a",
        "push => a0#1 a1#2 a3#1", "ack c 2 => done", "floor => 0"}},
      {push,
       key_shared,
       {"join a => ", "permits a 2", "arrive 1 40000 1 40000", "push => a0 a1", "join b => ",
        "permits a 9", "permits b 9", "push => a3", "ack a 0 => done", "push => b2",
        "nack a 1 10 => done", "arrive 40000 2", "push => b5", "at 10", "push => a1#1 a4"}},
      {push,
       broadcast,
       {"arrive 1 1", "join a => ", "join b => ", "permits a 1", "permits b 9", "push => a0 b0 b1",
        "ack b 1 => done", "ack a 1 => unknown", "nack b 0 => done", "push => b0#1",
        "ackto b 1 => done", "floor a => 0", "floor b => 2"}},
      {pop,
       exclusive,
       {"arrive 1 1 1", "join a => ", "join b => in_use", "pop b 1 10 => not_found",
        "pop a 2 10 => a0 a1", "pop a 2 10 => ", "again => 10", "ack a 0 => done", "at 10",
        "pop a 9 10 => a1#1 a2", "ackto a 2 => done", "floor => 3"}},
      {pop,
       failover,
       {"arrive 1 1 1", "join b => b+", "pop b 2 5000 7 => b0 b1", "join a => a+ b-",
        "pop b 2 10 => ", "at 1000", "pop a 9 10 => ", "ack b 0 => done", "at 5000",
        "pop a 9 10 => a1#1 a2"}},
      {pop,
       shared,
       {"arrive 1/5 1 1/5 1", "join a => ", "join b => ", "want b 5", "pop b 2 20 => b0 b2",
        "pop a 9 10 => a1 a3", "nack b 0 5 => done", "extend a 1 100 => done", "at 5",
        "pop b 9 10 => b0#1", "at 20", "pop a 9 10 => a0#2 a2#1 a3#1", "ack b 2 => late",
        "ack a 1 => done", "reject a 0 => done", "pop a 9 10 => ", "bury 0 => done", "floor => 2"}},
      {pop,
       key_shared,
       {"join a => ", "join b => ", "arrive 1 40000 2 1", "pop a 9 10 => a1", "pop b 1 10 => b0",
        "leave b => ", "pop a 9 10 => a2", "at 10", "pop a 9 10 => a0#1 a1#1 a2#1 a3"}},
      {pop,
       broadcast,
       {"arrive 1 1 1", "join a => ", "join b => ", "pop a 1 10 => a0", "pop a 1 10 => a1",
        "pop b 9 10 => b0 b1 b2", "ackto b 2 => done", "at 10", "pop a 9 10 => a0#1 a1#1 a2",
        "floor b => 3"}},
  };
  return kScenes;
}

class Matrix : public ::testing::TestWithParam<Scene> {};

TEST_P(Matrix, PlaysAsWritten) {
  Plan plan;
  plan.model = GetParam().model;
  plan.mode = GetParam().mode;
  plan.keys = KeyRanges::Kind::split;
  testing::Play play(plan);
  for (const std::string& line : GetParam().lines) {
    const std::size_t arrow = line.find(" => ");
    const std::string shown = play.act(line.substr(0, arrow));
    if (arrow != std::string::npos) EXPECT_EQ(shown, line.substr(arrow + 4)) << line;
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Matrix, ::testing::ValuesIn(scenes()), [](const auto& scene) {
  std::string name(cell(scene.param.model, scene.param.mode).name);
  std::erase_if(name, [](char c) { return std::isalpha(static_cast<unsigned char>(c)) == 0; });
  return name;
});

TEST(MatrixTable, HasASceneForEachCell) { EXPECT_EQ(scenes().size(), cells().size()); }

}  // namespace
}  // namespace sluice::delivery
