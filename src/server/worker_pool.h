// WorkerPool: threads for the operations that may wait (ReceiveMessage, Invoke), so that they do not hold up an I/O
// thread. Threads are started as they are needed, up to a bound, and kept. Safe from any thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/env.h"

namespace server {

class WorkerPool {
 public:
  WorkerPool(base::Env& env, std::size_t threads_max);
  ~WorkerPool();  // waits for running work; what has not begun is dropped

  // False if all threads are busy and their number is at its bound: the caller answers "slow down".
  bool run(std::function<void()> work);

 private:
  void serve();

  base::Env& env_;
  const std::size_t threads_max_;
  std::mutex mutex_;
  std::unique_ptr<base::Condition> changed_;
  std::deque<std::function<void()>> queue_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::unique_ptr<base::Task>> threads_;
};

}  // namespace server
