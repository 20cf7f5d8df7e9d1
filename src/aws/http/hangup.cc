#include "aws/http/hangup.h"

#include <utility>

namespace aws::http {

void Hangup::on_gone(std::function<void()> told) {
  std::function<void()> before;  // let go of without the lock
  {
    const std::lock_guard lock(mutex_);
    if (settled_) return;
    if (!is_gone()) {
      before = std::exchange(told_, std::move(told));
      return;
    }
  }
  if (told) told();
}

void Hangup::hang_up() {
  std::function<void()> told;
  {
    const std::lock_guard lock(mutex_);
    if (settled_ || is_gone()) return;
    gone_.store(true, std::memory_order_relaxed);
    told = std::exchange(told_, nullptr);
  }
  if (told) told();
}

void Hangup::settle() {
  std::function<void()> dropped;  // before the lock, so let go of after it
  const std::lock_guard lock(mutex_);
  settled_ = true;
  dropped = std::exchange(told_, nullptr);
}

}  // namespace aws::http
