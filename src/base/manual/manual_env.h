// ManualEnv: the seams under somebody's control: a unit test's, or, for the clock and the executor, that of the user of
// `till serve --clock virtual`. The clock stands still until it is moved, random bytes come from a seed, and tasks are
// real threads whose waits end when the clock passes their deadline. Safe from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/env.h"

namespace base {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = from_epoch_seconds(1'700'000'000)) : now_(start) {}
  Timestamp now() override;
  // Moves the clock forward (by >= 0) and wakes every task whose deadline has passed. Takes no mutex of a waiter, so
  // it may be called with any lock held.
  void advance(Duration by);
  // Moves the clock forward from one deadline of a waiting task to the next, as time itself would pass them. Before
  // each step, and before it returns, it waits until every task of the executor waits for something and `busy` (work
  // outside of tasks, a child process for example) says no, but at most kSettleMax of real time. Answers the number of
  // steps. One caller at a time; may itself run on a task.
  std::size_t advance_in_steps(Duration by, const std::function<bool()>& busy);
  // Blocks until at least `count` tasks are inside ManualExecutor::wait_until, whatever their deadlines: then an
  // advance() or a notify reaches all of them. For tests that must not act before a task has begun to wait.
  void await_waiters(std::size_t count);

  static constexpr std::chrono::seconds kSettleMax{5};

 private:
  friend class ManualExecutor;
  friend class ManualCondition;
  struct Signal;
  struct Waiter {
    std::shared_ptr<Signal> signal;
    Timestamp deadline;
    uint64_t generation;  // of the signal, when the wait began
    bool in_task;
  };
  void settle(const std::function<bool()>& busy);
  bool all_wait();            // REQUIRES: mutex_ is held
  Timestamp next_deadline();  // REQUIRES: mutex_ is held

  std::mutex mutex_;
  std::condition_variable waiters_changed_;
  Timestamp now_;
  std::size_t tasks_ = 0;               // that run
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
  std::unique_ptr<Task> try_spawn(std::string name, std::function<void()> body) override;
  // From now on only so many more tasks can be started: for tests of what happens then.
  void limit_tasks(std::size_t more) { tasks_left_ = more; }

 private:
  ManualClock& clock_;
  std::atomic<std::size_t> tasks_left_ = SIZE_MAX;
};

struct ManualEnv {
  ManualClock clock;
  SeededRandom random;
  ManualExecutor executor{clock};
  Env env{clock, random, executor};
};

}  // namespace base
