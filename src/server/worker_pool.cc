#include "server/worker_pool.h"

namespace server {

WorkerPool::WorkerPool(base::Env& env, std::size_t threads_max)
    : env_(env), threads_max_(threads_max), changed_(env.executor.make_condition()) {}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
    changed_->notify_all();
  }
  threads_.clear();
}

bool WorkerPool::run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  if (idle_ <= queue_.size()) {
    if (threads_.size() >= threads_max_) return false;
    ++idle_;  // the new thread, from its start on
    threads_.push_back(env_.executor.spawn("worker", [this] { serve(); }));
  }
  queue_.push_back(std::move(work));
  changed_->notify_one();
  return true;
}

void WorkerPool::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (queue_.empty() && !stopping_) env_.executor.wait_until(lock, *changed_, base::kTimestampMax);
    --idle_;
    if (stopping_) return;
    const std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
    ++idle_;
  }
}

}  // namespace server
