#include "base/manual/manual_env.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "base/check.h"

namespace base {

// What one condition's waiters really sleep on. A waiter remembers `generation` while it still holds its own mutex,
// that is before anybody can change what it waits for or move the clock unseen; it sleeps only while the generation
// is unchanged. So a notification or an advance between that moment and the sleep is never lost. Lock order:
// the waiter's mutex, then either the clock's or this one; advance() holds only one of the latter at a time.
struct ManualClock::Signal {
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<uint64_t> generation = 0;  // changed with the mutex held

  // Wakes every waiter, also for notify_one: waits may end without a reason, and so the generation alone tells whether
  // a task waits still.
  void raise() {
    // Notified under the lock: the sleeper may drop the last reference to this as soon as it can lock.
    const std::lock_guard lock(mutex);
    ++generation;
    changed.notify_all();
  }
};

class ManualCondition final : public Condition {
 public:
  void notify_one() override { signal->raise(); }
  void notify_all() override { signal->raise(); }
  const std::shared_ptr<ManualClock::Signal> signal = std::make_shared<ManualClock::Signal>();
};

namespace {

class ThreadTask final : public Task {
 public:
  explicit ThreadTask(std::function<void()> body) : thread_(std::move(body)) {}
  ~ThreadTask() override { thread_.join(); }

 private:
  std::thread thread_;
};

thread_local bool is_task_thread = false;

}  // namespace

Timestamp ManualClock::now() {
  const std::lock_guard lock(mutex_);
  return now_;
}

void ManualClock::advance(Duration by) {
  CHECK(by >= Duration::zero(), "time never goes back");
  std::vector<std::shared_ptr<Signal>> due;
  {
    const std::lock_guard lock(mutex_);
    now_ += by;
    for (const Waiter* waiter : waiters_)
      if (waiter->deadline <= now_) due.push_back(waiter->signal);
  }
  for (const auto& signal : due) signal->raise();
}

bool ManualClock::all_wait() {
  std::size_t waiting = is_task_thread ? 1 : 0;  // the caller's own task
  for (const Waiter* waiter : waiters_)
    if (waiter->in_task && waiter->deadline > now_ && waiter->signal->generation == waiter->generation) ++waiting;
  return waiting >= tasks_;
}

Timestamp ManualClock::next_deadline() {
  Timestamp next = kTimestampMax;
  for (const Waiter* waiter : waiters_) next = std::min(next, waiter->deadline);
  return next;
}

void ManualClock::settle(const std::function<bool()>& busy) {
  const auto give_up = std::chrono::steady_clock::now() + kSettleMax;
  std::unique_lock lock(mutex_);
  while (std::chrono::steady_clock::now() < give_up) {
    const bool waiting = all_wait();
    lock.unlock();
    const bool idle = waiting && !busy();
    lock.lock();
    // Asked again, because a task may have been woken by what was busy.
    if (idle && all_wait()) return;
    waiters_changed_.wait_for(lock, std::chrono::milliseconds(1));
  }
}

std::size_t ManualClock::advance_in_steps(Duration by, const std::function<bool()>& busy) {
  CHECK(by >= Duration::zero(), "time never goes back");
  const Timestamp end = now() + by;
  std::size_t steps = 0;
  for (settle(busy); now() < end; ++steps, settle(busy)) {
    Timestamp next;
    {
      const std::lock_guard lock(mutex_);
      next = std::clamp(next_deadline(), now_, end);
    }
    advance(next - now());
  }
  return steps;
}

void ManualClock::await_waiters(std::size_t count) {
  std::unique_lock lock(mutex_);
  waiters_changed_.wait(lock, [&] { return waiters_.size() >= count; });
}

void SeededRandom::fill(std::span<std::byte> out) {
  const std::lock_guard lock(mutex_);
  while (!out.empty()) {
    // SplitMix64 (Steele, Lea, Flood 2014).
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    const std::size_t count = std::min(out.size(), sizeof z);
    std::memcpy(out.data(), &z, count);
    out = out.subspan(count);
  }
}

std::unique_ptr<Condition> ManualExecutor::make_condition() {
  return std::make_unique<ManualCondition>();
}

void ManualExecutor::wait_until(std::unique_lock<std::mutex>& lock, Condition& condition, Timestamp deadline) {
  CHECK(lock.owns_lock(), "wait_until releases a lock that is held");
  const auto& signal = static_cast<ManualCondition&>(condition).signal;
  const ManualClock::Waiter waiter{signal, deadline, signal->generation, is_task_thread};
  {
    const std::lock_guard clock_lock(clock_.mutex_);
    if (clock_.now_ >= deadline) return;
    clock_.waiters_.push_back(&waiter);
  }
  clock_.waiters_changed_.notify_all();
  lock.unlock();
  {
    std::unique_lock signal_lock(waiter.signal->mutex);
    waiter.signal->changed.wait(signal_lock, [&] { return waiter.signal->generation != waiter.generation; });
  }
  {
    const std::lock_guard clock_lock(clock_.mutex_);
    std::erase(clock_.waiters_, &waiter);
  }
  lock.lock();
}

std::unique_ptr<Task> ManualExecutor::try_spawn(std::string, std::function<void()> body) {
  if (tasks_left_ == 0) return nullptr;
  --tasks_left_;
  {
    const std::lock_guard lock(clock_.mutex_);
    ++clock_.tasks_;
  }
  return std::make_unique<ThreadTask>([this, body = std::move(body)] {
    is_task_thread = true;
    body();
    const std::lock_guard lock(clock_.mutex_);
    --clock_.tasks_;
    clock_.waiters_changed_.notify_all();
  });
}

}  // namespace base
