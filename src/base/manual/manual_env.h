// ManualEnv: the seams under a test's control. The clock stands still until advance() is called, random bytes come
// from a seed, and tasks are real threads whose waits end when the clock passes their deadline. Safe from any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "base/env.h"

namespace base {

class ManualClock final : public Clock {
 public:
  Timestamp now() override;
  // Moves the clock forward (by >= 0) and wakes every task whose deadline has passed. Takes no mutex of a waiter, so
  // it may be called with any lock held.
  void advance(Duration by);
  // Blocks until at least `count` tasks are inside ManualExecutor::wait_until, whatever their deadlines: then an
  // advance() or a notify reaches all of them. For tests that must not act before a task has begun to wait.
  void await_waiters(std::size_t count);

 private:
  friend class ManualExecutor;
  friend class ManualCondition;
  struct Signal;
  struct Waiter {
    std::shared_ptr<Signal> signal;
    Timestamp deadline;
  };
  std::mutex mutex_;
  std::condition_variable waiters_changed_;
  Timestamp now_ = from_epoch_seconds(1'700'000'000);
  std::vector<const Waiter*> waiters_;  // each lives on the stack of its wait_until
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed = 1) : state_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  std::mutex mutex_;
  uint64_t state_;
};

class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(ManualClock& clock) : clock_(clock) {}
  std::unique_ptr<Condition> make_condition() override;
  void wait_until(std::unique_lock<std::mutex>& lock, Condition& condition, Timestamp deadline) override;
  std::unique_ptr<Task> spawn(std::string name, std::function<void()> body) override;

 private:
  ManualClock& clock_;
};

struct ManualEnv {
  ManualClock clock;
  SeededRandom random;
  ManualExecutor executor{clock};
  Env env{clock, random, executor};
};

}  // namespace base
