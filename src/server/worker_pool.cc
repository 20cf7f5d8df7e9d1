#include "server/worker_pool.h"

#include <utility>

namespace server {

WorkerPool::WorkerPool(base::Env& env, Limits limits)
    : env_(env), limits_(limits), changed_(env.executor.make_condition()) {
  const std::lock_guard lock(mutex_);
  ++idle_;
  threads_.push_back(env_.executor.spawn("worker", [this] { serve(); }));
}

WorkerPool::~WorkerPool() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(queue_);
    changed_->notify_all();
  }
  dropped.clear();
  threads_.clear();
}

WorkerPool::Load WorkerPool::load() {
  const std::lock_guard lock(mutex_);
  return {threads_.size(), threads_.size() - idle_, queue_.size()};
}

bool WorkerPool::run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  if (idle_ <= queue_.size()) start_thread();
  if (queue_.size() >= idle_ + limits_.queue_max) return false;
  queue_.push_back(std::move(work));
  changed_->notify_one();
  return true;
}

void WorkerPool::run_surely(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  if (idle_ <= queue_.size()) start_thread();
  queue_.push_back(std::move(work));
  changed_->notify_one();
}

void WorkerPool::start_thread() {
  if (threads_.size() >= limits_.threads_max) return;
  auto thread = env_.executor.try_spawn("worker", [this] { serve(); });
  if (thread == nullptr) return;  // those that are there will do
  ++idle_;                        // from its start on
  threads_.push_back(std::move(thread));
}

void WorkerPool::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (queue_.empty() && !stopping_) env_.executor.wait_until(lock, *changed_, base::kTimestampMax);
    --idle_;
    if (stopping_) return;
    std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
    ++idle_;
  }
}

}  // namespace server
