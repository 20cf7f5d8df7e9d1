#include "os/body_budget.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace os {

bool BodyBudget::take(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!waiters_.empty() || bytes > free_) return false;
  free_ -= bytes;
  return true;
}

uint64_t BodyBudget::wait(uint64_t bytes, std::function<void()> granted) {
  uint64_t ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    ticket = ++last_ticket_;
    waiters_.push_back({ticket, bytes, std::move(granted)});
  }
  give_back(0);  // there may have become enough since take()
  return ticket;
}

bool BodyBudget::leave(uint64_t ticket) {
  std::function<void()> dropped;  // lets go of what it holds without the lock
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(waiters_, ticket, &Waiter::ticket);
    if (found == waiters_.end()) return false;
    dropped = std::move(found->granted);
    waiters_.erase(found);
  }
  give_back(0);  // it may have held up those behind it
  return true;
}

void BodyBudget::give_back(uint64_t bytes) {
  std::vector<std::function<void()>> granted;
  {
    const std::lock_guard lock(mutex_);
    free_ += bytes;
    for (; !waiters_.empty() && waiters_.front().bytes <= free_; waiters_.pop_front()) {
      free_ -= waiters_.front().bytes;
      granted.push_back(std::move(waiters_.front().granted));
    }
  }
  for (const auto& call : granted) call();
}

}  // namespace os
