#include "runtime/deadlines.h"

#include <vector>

namespace runtime {

Deadlines::Deadlines(base::Env env, std::string task) : env_(env), changed_(env.executor.make_condition()) {
  task_ = env_.executor.spawn(std::move(task), [this] { run(); });
}

Deadlines::~Deadlines() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_->notify_all();
  }
  task_.reset();
}

Deadlines::Id Deadlines::call_at(base::Timestamp at, std::function<void()> due) {
  const std::lock_guard lock(mutex_);
  const Id id(at, next_number_++);
  calls_.emplace(id, std::move(due));
  if (at < wakes_at_) changed_->notify_all();
  return id;
}

void Deadlines::cancel(const Id& id) {
  std::function<void()> dropped;  // destroyed without the lock: it may hold the last reference to anything
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  dropped = std::move(found->second);
  calls_.erase(found);
}

void Deadlines::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const base::Timestamp now = env_.clock.now();
    std::vector<std::function<void()>> due;
    while (!calls_.empty() && calls_.begin()->first.first <= now) {
      due.push_back(std::move(calls_.begin()->second));
      calls_.erase(calls_.begin());
    }
    if (due.empty()) {
      wakes_at_ = calls_.empty() ? base::kTimestampMax : calls_.begin()->first.first;
      env_.executor.wait_until(lock, *changed_, wakes_at_);
      continue;
    }
    lock.unlock();
    for (const auto& call : due) call();
    due.clear();
    lock.lock();
  }
}

}  // namespace runtime
