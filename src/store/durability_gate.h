// DurabilityGate: who waits for which commit sequence, and letting them go when it has become durable. Owned by a
// KvStore, which calls advance() after each sync; safe from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/env.h"
#include "store/kv_store.h"

namespace store {

class DurabilityGate {
 public:
  // Everything up to `durable` counts as durable from the start. `executor` outlives the gate.
  DurabilityGate(base::Executor& executor, CommitSequence durable);

  [[nodiscard]] CommitSequence durable() const { return durable_.load(std::memory_order_acquire); }
  // Blocks until durable() >= sequence, or until abandon().
  void wait(CommitSequence sequence);
  // Runs `done` at once if durable() >= sequence, else on the thread whose advance() gets there. Never after
  // abandon().
  void when(CommitSequence sequence, std::function<void()> done);
  // Moves durable() forward (an older sequence is ignored), wakes the waiters, then runs the callbacks that are due
  // on this thread, those of smaller sequences first and those of one sequence in the order they came.
  void advance(CommitSequence durable);
  // Nothing more will become durable: waits end, and callbacks still pending are dropped without being run. Only
  // for a store that has failed and whose process was not ended, that is, in tests.
  void abandon();

 private:
  struct Pending {
    CommitSequence sequence;
    std::function<void()> done;
  };

  base::Executor& executor_;
  const std::unique_ptr<base::Condition> advanced_;
  std::atomic<CommitSequence> durable_;
  std::mutex mutex_;  // guards what follows
  bool abandoned_ = false;
  std::size_t waiters_ = 0;
  std::vector<Pending> pending_;  // bounded by the requests in flight, each of which waits for one sequence
};

}  // namespace store
