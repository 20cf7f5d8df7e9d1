#include "cli/interruption.h"

#include <atomic>

namespace cli {
namespace {

std::atomic<int> awaited = 0;

}  // namespace

Interruption::Interruption(base::Env& env) : env_(env), changed_(env.executor.make_condition()) {
  waiter_ = env_.executor.spawn("signals", [this] {
    if (signals_.wait() == 0) return;  // the end of this object
    const std::lock_guard lock(mutex_);
    requested_ = true;
    changed_->notify_all();
  });
  ++awaited;
}

Interruption::~Interruption() {
  --awaited;
  signals_.interrupt();
  waiter_.reset();
}

bool Interruption::is_awaited() {
  return awaited > 0;
}

bool Interruption::requested() {
  const std::lock_guard lock(mutex_);
  return requested_;
}

bool Interruption::pause(base::Duration how_long) {
  const base::Timestamp until = env_.clock.now() + how_long;
  std::unique_lock lock(mutex_);
  while (!requested_ && env_.clock.now() < until) env_.executor.wait_until(lock, *changed_, until);
  return !requested_;
}

}  // namespace cli
