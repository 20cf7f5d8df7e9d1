// The places of parked calls, without any call: when they run again, and how often.
#include "server/parking_lot.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/manual/manual_env.h"

namespace server {
namespace {

using Settled = ParkingLot::Settled;

struct ParkingLotTest : testing::Test {
  ~ParkingLotTest() override { lot.stop(); }
  std::shared_ptr<ParkingLot::Place> place() { return std::make_shared<ParkingLot::Place>(lot); }
  // One run that finds nothing and parks until `deadline`.
  Settled park(ParkingLot::Place& at, base::Timestamp deadline = base::kTimestampMax) {
    EXPECT_EQ(at.park(deadline).code, "Parked");
    return lot.settle(at, [this] { ++runs; });
  }
  void settle() {
    env.clock.advance_in_steps(base::Duration(0), [] { return false; });
  }
  base::ManualEnv env;
  std::atomic<int> runs = 0;
  WorkerPool workers{env.env, {.threads_max = 2, .queue_max = 2}};
  ParkingLot lot{env.env, workers, 2};
};

TEST_F(ParkingLotTest, RunsOnceForAnyNumberOfWakes) {
  const auto call = place();
  const auto wake = call->waker();
  EXPECT_EQ(park(*call), Settled::parked);
  wake();
  wake();
  settle();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(lot.size(), 0U);
}

TEST_F(ParkingLotTest, AWakeDuringTheRunCounts) {
  const auto call = place();
  call->waker()();  // as from another thread, before the operation has returned
  EXPECT_EQ(park(*call), Settled::parked);
  settle();
  EXPECT_EQ(runs, 1);
}

TEST_F(ParkingLotTest, RunsAtTheDeadlineAlsoOneThatComesLater) {
  const auto late = place();
  const auto early = place();
  park(*late, env.clock.now() + std::chrono::seconds(20));
  park(*early, env.clock.now() + std::chrono::seconds(1));
  env.clock.advance(std::chrono::seconds(1));
  settle();
  EXPECT_EQ(runs, 1);
  env.clock.advance(std::chrono::seconds(19));
  settle();
  EXPECT_EQ(runs, 2);
}

TEST_F(ParkingLotTest, RefusesWhatItCanNotKeep) {
  const auto first = place();
  const auto second = place();
  const auto third = place();
  EXPECT_EQ(park(*first), Settled::parked);
  EXPECT_EQ(park(*second), Settled::parked);
  EXPECT_EQ(park(*third), Settled::refused);
  EXPECT_EQ(lot.settle(*place(), [] {}), Settled::answered) << "what has not parked needs no room";
}

TEST_F(ParkingLotTest, AWakerOutlivesItsCall) {
  std::function<void()> wake;
  {
    const auto call = place();
    wake = call->waker();
    EXPECT_EQ(lot.settle(*call, [this] { ++runs; }), Settled::answered);
    wake();
  }
  wake();
  settle();
  EXPECT_EQ(runs, 0);
}

TEST_F(ParkingLotTest, DropsWhatWaitsWhenItStops) {
  auto call = place();
  const std::weak_ptr<ParkingLot::Place> seen = call;
  EXPECT_EQ(call->park(base::kTimestampMax).code, "Parked");
  EXPECT_EQ(lot.settle(*call, [held = call] {}), Settled::parked);
  call.reset();
  EXPECT_FALSE(seen.expired());
  lot.stop();
  EXPECT_TRUE(seen.expired());
}

}  // namespace
}  // namespace server
