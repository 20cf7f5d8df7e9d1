#include "engine/sqs/due_clock.h"

#include "engine/sqs/message_index.h"

namespace engine::sqs {

void DueClock::start() {
  task_ = env_.executor.spawn("sqs-due", [this] { run(); });
}

void DueClock::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_->notify_all();
  }
  task_.reset();
}

void DueClock::set(const std::shared_ptr<MessageIndex>& index, base::Timestamp due) {
  const std::lock_guard lock(mutex_);
  const bool is_next = due_.empty() || due < due_.begin()->first;
  due_.emplace(due, index);
  if (is_next) changed_->notify_all();
}

void DueClock::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const base::Timestamp now = env_.clock.now();
    if (due_.empty() || due_.begin()->first > now) {
      env_.executor.wait_until(lock, *changed_, due_.empty() ? base::kTimestampMax : due_.begin()->first);
      continue;
    }
    const std::shared_ptr<MessageIndex> index = due_.begin()->second.lock();  // null: the queue was deleted
    due_.erase(due_.begin());
    lock.unlock();
    if (index != nullptr) {
      const std::lock_guard index_lock(index->mutex);
      index->on_due(now);
    }
    lock.lock();
  }
}

}  // namespace engine::sqs
