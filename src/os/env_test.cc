#include "os/env.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>

namespace os {
namespace {

using std::chrono::milliseconds;

TEST(SystemClock, IsTheWallClockAndNeverGoesBack) {
  SystemClock clock;
  const auto wall = std::chrono::system_clock::now();
  base::Timestamp previous = clock.now();
  EXPECT_LT(std::chrono::abs(previous - wall), std::chrono::seconds(1));
  for (int i = 0; i < 10'000; ++i) {
    const base::Timestamp now = clock.now();
    ASSERT_LE(previous, now);
    previous = now;
  }
}

// A machine whose clocks are in the test's hands.
struct Machine {
  MachineTime shows{.wall_micros = 1'800'000'000'000'000, .steady_micros = 5'000'000};
  SystemClock clock{[this] { return shows; }};

  void pass(base::Duration by) {
    shows.wall_micros += by.count();
    shows.steady_micros += by.count();
  }
  void step(base::Duration by) { shows.wall_micros += by.count(); }
  [[nodiscard]] base::Timestamp wall() const { return base::Timestamp(base::Duration(shows.wall_micros)); }
};

TEST(SystemClock, StepsOfTheWallClockNeitherStopItNorTakeItBack) {
  using std::chrono::hours;
  using std::chrono::seconds;
  Machine machine;
  EXPECT_EQ(machine.clock.now(), machine.wall());
  machine.step(hours(1));
  EXPECT_EQ(machine.clock.now(), machine.wall()) << "ahead: followed at once";
  const base::Timestamp before = machine.clock.now();
  machine.pass(seconds(2));  // nobody looks meanwhile
  machine.step(-hours(1));
  EXPECT_EQ(machine.clock.now(), before + seconds(2)) << "back: it goes on from where it is";
  for (int i = 0; i < 8; ++i) {
    const base::Timestamp earlier = machine.clock.now();
    machine.pass(seconds(1));
    EXPECT_EQ(machine.clock.now() - earlier, milliseconds(875));
  }
  machine.pass(hours(8) - seconds(8));
  EXPECT_EQ(machine.clock.now(), machine.wall()) << "until they meet";
  machine.pass(seconds(3));
  EXPECT_EQ(machine.clock.now(), machine.wall()) << "and together from there";
}

TEST(SystemClock, StartsFromWhatAnEarlierProcessHasShown) {
  Machine machine;
  const base::Timestamp earlier = machine.clock.now() + std::chrono::hours(1);
  machine.clock.start_from(earlier);
  EXPECT_EQ(machine.clock.now(), earlier);
  machine.pass(std::chrono::seconds(8));
  EXPECT_EQ(machine.clock.now(), earlier + std::chrono::seconds(7));
  machine.clock.start_from(earlier);  // long past
  EXPECT_EQ(machine.clock.now(), earlier + std::chrono::seconds(7));
}

TEST(SystemRandom, NeverRepeatsAcrossThreadsAndBlocks) {
  SystemEnv system;
  std::set<std::string> seen;
  std::mutex mutex;
  const auto draw = [&] {
    for (int i = 0; i < 2'000; ++i) {
      std::string uuid = base::make_uuid(system.env().random);
      const std::lock_guard lock(mutex);
      seen.insert(std::move(uuid));
    }
  };
  {
    const auto other = system.env().executor.spawn("draw", draw);
    draw();
  }
  EXPECT_EQ(seen.size(), 4'000U);
  std::array<std::byte, 9'000> large{};
  system.env().random.fill(large);
  EXPECT_LT(std::ranges::count(large, std::byte{0}), 200);
}

TEST(ThreadExecutor, WaitsEndByDeadlineOrNotice) {
  SystemEnv system;
  base::Env& env = system.env();
  std::mutex mutex;
  std::unique_lock lock(mutex);
  const auto condition = env.executor.make_condition();
  const base::Timestamp deadline = env.clock.now() + milliseconds(5);
  while (env.clock.now() < deadline) env.executor.wait_until(lock, *condition, deadline);
  env.executor.wait_until(lock, *condition, base::Timestamp());  // long past: returns at once
  EXPECT_TRUE(lock.owns_lock());

  for (const base::Timestamp far : {base::kTimestampMax, base::kTimestampMax - milliseconds(1)}) {
    bool ready = false;
    const auto task = env.executor.spawn("notifier", [&] {
      const std::lock_guard inner(mutex);
      ready = true;
      condition->notify_all();
    });
    while (!ready) env.executor.wait_until(lock, *condition, far);
    lock.unlock();
    lock.lock();
  }
}

TEST(ThreadExecutor, NamesTheThreadAndJoinsIt) {
  SystemEnv system;
  std::array<char, 32> name{};
  {
    const auto task = system.env().executor.spawn(
        "a-name-that-is-too-long", [&] { ::pthread_getname_np(::pthread_self(), name.data(), name.size()); });
  }
  EXPECT_STREQ(name.data(), "a-name-that-is-");
}

}  // namespace
}  // namespace os
