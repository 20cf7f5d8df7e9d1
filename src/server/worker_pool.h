// WorkerPool: threads for what may take longer than an I/O thread should be held up. Threads are started as they are
// needed, up to a bound, and kept; work that finds them all busy waits its turn in a queue with a bound of its own.
// Safe from any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/env.h"

namespace server {

class WorkerPool {
 public:
  struct Limits {
    std::size_t threads_max = 1;
    std::size_t queue_max = 0;  // pieces of work that wait while all threads are busy
  };
  // Starts the first thread, so that there always is one, however scarce threads become.
  WorkerPool(base::Env& env, Limits limits);
  ~WorkerPool();  // waits for running work; what has not begun is dropped

  struct Load {
    std::size_t threads, busy, queued;
  };
  [[nodiscard]] Load load();
  // False if the work can not even wait: the caller answers "slow down".
  bool run(std::function<void()> work);
  // The same for work whose number is bounded elsewhere, such as the runs of calls that are parked; always taken.
  void run_surely(std::function<void()> work);

 private:
  void start_thread();  // REQUIRES: mutex_ is held
  void serve();

  base::Env& env_;
  const Limits limits_;
  std::mutex mutex_;
  std::unique_ptr<base::Condition> changed_;
  std::deque<std::function<void()>> queue_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::unique_ptr<base::Task>> threads_;
};

}  // namespace server
