#include "store/durability_gate.h"

#include <algorithm>
#include <iterator>

namespace store {

DurabilityGate::DurabilityGate(base::Executor& executor, CommitSequence durable)
    : executor_(executor), advanced_(executor.make_condition()), durable_(durable) {}

void DurabilityGate::wait(CommitSequence sequence) {
  if (durable() >= sequence) return;
  std::unique_lock lock(mutex_);
  ++waiters_;
  while (durable() < sequence && !abandoned_) executor_.wait_until(lock, *advanced_, base::kTimestampMax);
  --waiters_;
}

void DurabilityGate::when(CommitSequence sequence, std::function<void()> done) {
  if (durable() < sequence) {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return;
    if (durable() < sequence) {
      pending_.push_back({sequence, std::move(done)});
      return;
    }
  }
  done();
}

void DurabilityGate::advance(CommitSequence durable) {
  std::vector<Pending> due;
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_ || durable <= durable_.load(std::memory_order_relaxed)) return;
    durable_.store(durable, std::memory_order_release);
    if (waiters_ > 0) advanced_->notify_all();
    const auto first_due =
        std::stable_partition(pending_.begin(), pending_.end(), [&](const Pending& p) { return p.sequence > durable; });
    due.assign(std::make_move_iterator(first_due), std::make_move_iterator(pending_.end()));
    pending_.erase(first_due, pending_.end());
  }
  std::stable_sort(due.begin(), due.end(), [](const Pending& a, const Pending& b) { return a.sequence < b.sequence; });
  for (const Pending& pending : due) pending.done();
}

void DurabilityGate::abandon() {
  std::vector<Pending> dropped;  // declared before the lock, so that captures are destroyed after it is released
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  dropped.swap(pending_);
  advanced_->notify_all();
}

}  // namespace store
