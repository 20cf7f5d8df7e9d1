// Deadlines: calls back when a moment has come, on one task of its own, so that who waits for an event until a deadline
// holds no thread for it. Owned by whoever makes the waits, which it outlives. Safe from any thread, also from a call.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/env.h"

namespace runtime {

class Deadlines {
 public:
  using Id = std::pair<base::Timestamp, uint64_t>;

  // `env` outlives this object; `task` is the task's name.
  Deadlines(base::Env env, std::string task);
  ~Deadlines();  // what is not due by then is never called
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // Calls `due` once the clock has reached `at`, without any lock. It must not block for long: others wait behind it.
  Id call_at(base::Timestamp at, std::function<void()> due);
  // A call that has begun, or is about to, goes on: `due` asks the clock and its own state.
  void cancel(const Id& id);

 private:
  void run();

  base::Env env_;
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<base::Condition> changed_;
  std::map<Id, std::function<void()>> calls_;
  uint64_t next_number_ = 0;
  // When the task looks again by itself. What is cancelled does not move it, so that a deadline which never comes costs
  // no wake-up.
  base::Timestamp wakes_at_ = base::kTimestampMax;
  bool stopping_ = false;
  std::unique_ptr<base::Task> task_;
};

}  // namespace runtime
