#include "base/env.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "base/manual/manual_env.h"

namespace base {
namespace {

using std::chrono::seconds;

TEST(Env, UuidHasItsVersionAndVariant) {
  SeededRandom random(7);
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = make_uuid(random);
    ASSERT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string_view("89ab").find(uuid[19]), std::string_view::npos);
    for (const std::size_t dash : {8, 13, 18, 23}) EXPECT_EQ(uuid[dash], '-');
  }
  EXPECT_NE(make_uuid(random), make_uuid(random));
}

TEST(Env, RandomIsReproducibleAndEven) {
  SeededRandom a(3), b(3);
  EXPECT_EQ(random_string(a, 100, "ab"), random_string(b, 100, "ab"));
  std::array<int, 3> counts{};
  for (int i = 0; i < 30'000; ++i) ++counts[random_below(a, 3)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random_below(a, 1), 0U);
  std::array<int, 3> letters{};
  for (const char c : random_string(a, 30'000, "xyz")) ++letters[static_cast<std::size_t>(c - 'x')];
  for (const int count : letters) EXPECT_NEAR(count, 10'000, 500);
}

TEST(ManualEnv, AdvanceWakesAtTheDeadlineAndNotBefore) {
  ManualEnv env;
  std::mutex mutex;
  auto condition = env.executor.make_condition();
  const Timestamp deadline = env.clock.now() + seconds(10);
  std::atomic<int> wakes = 0;
  auto task = env.executor.spawn("waiter", [&] {
    std::unique_lock lock(mutex);
    while (env.clock.now() < deadline) {
      env.executor.wait_until(lock, *condition, deadline);
      ++wakes;
    }
  });
  env.clock.await_waiters(1);
  env.clock.advance(seconds(9));
  EXPECT_EQ(wakes, 0);
  const std::lock_guard held(mutex);  // advance() needs no waiter's mutex
  env.clock.advance(seconds(1));
  EXPECT_EQ(wakes, 0);
}

TEST(ManualEnv, AnElapsedDeadlineDoesNotWait) {
  ManualEnv env;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  auto condition = env.executor.make_condition();
  env.executor.wait_until(lock, *condition, env.clock.now());
  EXPECT_TRUE(lock.owns_lock());
}

// A task that acts every ten seconds acts six times when a minute passes, each time at its own moment.
TEST(ManualEnv, AdvanceInStepsPassesEveryDeadline) {
  ManualEnv env;
  std::mutex mutex;
  const auto stop = env.executor.make_condition();
  bool stopping = false;
  std::vector<Timestamp> acted;
  const Timestamp start = env.clock.now();
  auto task = env.executor.spawn("ticker", [&] {
    std::unique_lock lock(mutex);
    Timestamp next = start + seconds(10);
    while (!stopping) {
      env.executor.wait_until(lock, *stop, next);
      if (env.clock.now() < next) continue;
      acted.push_back(env.clock.now());
      next += seconds(10);
    }
  });
  int asked = 0;
  EXPECT_EQ(env.clock.advance_in_steps(seconds(65), [&] { return ++asked % 2 == 1; }), 7U);
  {
    const std::lock_guard lock(mutex);
    ASSERT_EQ(acted.size(), 6U);
    for (std::size_t i = 0; i < acted.size(); ++i) EXPECT_EQ(acted[i], start + seconds(10) * (i + 1));
    EXPECT_GE(asked, 8);
    stopping = true;
    stop->notify_all();
  }
  EXPECT_EQ(env.clock.now(), start + seconds(65));
}

// Of several tasks that wait for one thing, one is notified: the others wait still, and time goes on at once.
TEST(ManualEnv, AdvanceInStepsKnowsWhoWaitsAfterANotifyOne) {
  ManualEnv env;
  std::mutex mutex;
  const auto changed = env.executor.make_condition();
  bool stopping = false;
  std::vector<std::unique_ptr<Task>> tasks;
  for (int i = 0; i < 3; ++i) {
    tasks.push_back(env.executor.spawn("waiter", [&] {
      std::unique_lock lock(mutex);
      while (!stopping) env.executor.wait_until(lock, *changed, kTimestampMax);
    }));
  }
  env.clock.await_waiters(3);
  changed->notify_one();
  const auto began = std::chrono::steady_clock::now();
  env.clock.advance_in_steps(seconds(1), [] { return false; });
  EXPECT_LT(std::chrono::steady_clock::now() - began, ManualClock::kSettleMax);
  const std::lock_guard lock(mutex);
  stopping = true;
  changed->notify_all();
}

TEST(ManualEnv, NotifyWakesWithoutADeadline) {
  ManualEnv env;
  std::mutex mutex;
  bool ready = false;
  auto condition = env.executor.make_condition();
  auto task = env.executor.spawn("waiter", [&] {
    std::unique_lock lock(mutex);
    while (!ready) env.executor.wait_until(lock, *condition, kTimestampMax);
  });
  env.clock.await_waiters(1);
  const std::lock_guard lock(mutex);
  ready = true;
  condition->notify_one();
}

// Two threads hand a token back and forth while a third turns the clock: any lost wakeup hangs the test.
TEST(ManualEnv, NoWakeupIsLost) {
  constexpr int kRounds = 5000;
  ManualEnv env;
  std::mutex mutex;
  int turn = 0, sleepers = 1;
  auto condition = env.executor.make_condition();
  const auto play = [&](int side) {
    std::unique_lock lock(mutex);
    for (int i = 0; i < kRounds; ++i) {
      while (turn != side) env.executor.wait_until(lock, *condition, kTimestampMax);
      turn = 1 - side;
      condition->notify_one();
    }
  };
  auto even = env.executor.spawn("even", [&] { play(0); });
  auto odd = env.executor.spawn("odd", [&] { play(1); });
  auto sleeper = env.executor.spawn("sleeper", [&] {
    auto own = env.executor.make_condition();
    std::mutex own_mutex;
    std::unique_lock lock(own_mutex);
    for (int i = 0; i < kRounds; ++i) {
      const Timestamp deadline = env.clock.now() + seconds(1);
      while (env.clock.now() < deadline) env.executor.wait_until(lock, *own, deadline);
    }
    const std::lock_guard done(mutex);
    --sleepers;
  });
  for (bool running = true; running;) {
    env.clock.advance(seconds(1));
    const std::lock_guard lock(mutex);
    running = sleepers > 0;
  }
}

}  // namespace
}  // namespace base
