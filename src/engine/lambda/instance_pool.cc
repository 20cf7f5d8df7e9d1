#include "engine/lambda/instance_pool.h"

#include <algorithm>
#include <utility>

#include "engine/lambda/answers.h"
#include "engine/lambda/limits.h"

namespace engine::lambda {

InstancePool::InstancePool(base::Env& env, std::size_t instances_max, base::Duration busy_wait, Start start)
    : env_(env),
      instances_max_(instances_max),
      busy_wait_(busy_wait),
      start_(std::move(start)),
      to_do_(env.executor.make_condition()),
      reap_(env.executor.make_condition()) {}

InstancePool::~InstancePool() {
  stop();
}

void InstancePool::start() {
  task_ = env_.executor.spawn("lambda-reaper", [this] { reap(); });
  for (std::size_t i = 0; i < kStarters; ++i) {
    starters_.push_back(env_.executor.spawn("lambda-start", [this] { run_starts(); }));
  }
}

void InstancePool::begin_stop() {
  Turns turns;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (runtime::FunctionInstance* instance : busy_) instance->interrupt();
    while (auto waiter = take_waiter(waiters_)) {
      turns.push_back({std::move(waiter->on_turn), base::fail(engine::lambda::stopping())});
    }
    while (auto waiter = take_waiter(starting_)) {
      --slots_[waiter->runnable->record->id].busy;
      --total_;
      turns.push_back({std::move(waiter->on_turn), base::fail(engine::lambda::stopping())});
    }
    to_do_->notify_all();
    reap_->notify_all();
  }
  tell(turns);
}

void InstancePool::stop() {
  begin_stop();
  task_.reset();
  starters_.clear();
  std::vector<std::unique_ptr<Instance>> ended;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, slot] : slots_) {
      while (!slot.idle.empty()) {
        bury(std::move(slot.idle.back()));
        slot.idle.pop_back();
      }
    }
    ended.swap(graveyard_);
  }
}

bool InstancePool::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

std::size_t InstancePool::size() {
  const std::lock_guard lock(mutex_);
  return total_;
}

void InstancePool::set_current(const std::shared_ptr<Runnable>& runnable) {
  std::shared_ptr<Runnable> before;  // let go of without the lock: it may be the last to hold the code
  const std::lock_guard lock(mutex_);
  Slot& slot = slots_[runnable->record->id];
  before = std::exchange(slot.current[runnable->record->version], runnable);
  retire(slot, before);
}

void InstancePool::remove_current(uint64_t function_id, const std::string& version) {
  std::shared_ptr<Runnable> before;  // as above
  const std::lock_guard lock(mutex_);
  const auto slot = slots_.find(function_id);
  if (slot == slots_.end()) return;
  const auto current = slot->second.current.find(version);
  if (current == slot->second.current.end()) return;
  before = std::move(current->second);
  slot->second.current.erase(current);
  retire(slot->second, before);
  drop_if_unused(function_id);
}

void InstancePool::retire(Slot& slot, const std::shared_ptr<Runnable>& runnable) {
  for (auto& instance : slot.idle) {
    if (instance->runnable == runnable) bury(std::move(instance));
  }
  std::erase(slot.idle, nullptr);
  // There may be places now; the starters see to it, because the caller here may hold locks.
  if (!waiters_.empty()) to_do_->notify_one();
}

void InstancePool::bury(std::unique_ptr<Instance> instance) {
  --total_;
  graveyard_.push_back(std::move(instance));
  reap_->notify_all();
}

void InstancePool::drop_if_unused(uint64_t function_id) {
  const auto slot = slots_.find(function_id);
  if (slot != slots_.end() && slot->second.current.empty() && slot->second.busy == 0 && slot->second.idle.empty()) {
    slots_.erase(slot);
  }
}

std::unique_ptr<Instance> InstancePool::take_idle(Slot& slot, const std::shared_ptr<Runnable>& runnable,
                                                  base::Timestamp now) {
  for (std::size_t i = slot.idle.size(); i-- > 0;) {
    if (slot.idle[i]->runnable != runnable) continue;
    std::unique_ptr<Instance> instance = std::move(slot.idle[i]);
    slot.idle.erase(slot.idle.begin() + static_cast<std::ptrdiff_t>(i));
    if (instance->running->alive() && instance->credentials_expire - now >= kCredentialsLeftMin) return instance;
    bury(std::move(instance));
  }
  return nullptr;
}

bool InstancePool::evict_idle() {
  Slot* oldest = nullptr;
  for (auto& [id, slot] : slots_) {
    if (!slot.idle.empty() && (!oldest || slot.idle.front()->idle_since < oldest->idle.front()->idle_since)) {
      oldest = &slot;
    }
  }
  if (!oldest) return false;
  bury(std::move(oldest->idle.front()));
  oldest->idle.erase(oldest->idle.begin());
  return true;
}

bool InstancePool::serve(Waiter& waiter, base::Timestamp now, Turns& turns) {
  const auto answer = [&](Acquired acquired) {
    turns.push_back({std::move(waiter.on_turn), std::move(acquired)});
    return true;
  };
  if (stopping_) return answer(base::fail(engine::lambda::stopping()));
  const uint64_t id = waiter.runnable->record->id;
  Slot& slot = slots_[id];
  if (waiter.reserved && slot.busy >= static_cast<std::size_t>(*waiter.reserved)) {
    drop_if_unused(id);
    return answer(base::fail(throttled("ReservedFunctionConcurrentInvocationLimitExceeded")));
  }
  if (auto instance = take_idle(slot, waiter.runnable, now)) {
    ++slot.busy;
    busy_.insert(instance->running.get());
    return answer(Started(std::move(instance)));
  }
  if (total_ >= instances_max_ && !evict_idle()) {
    drop_if_unused(id);
    return false;
  }
  ++slots_[id].busy;
  ++total_;
  starting_.push_back(std::move(waiter));
  waiting_bytes_ += starting_.back().bytes;
  to_do_->notify_one();
  return true;
}

std::optional<InstancePool::Waiter> InstancePool::take_waiter(std::deque<Waiter>& from) {
  if (from.empty()) return std::nullopt;
  std::optional<Waiter> waiter = std::move(from.front());
  from.pop_front();
  waiting_bytes_ -= waiter->bytes;
  return waiter;
}

void InstancePool::serve_waiters(base::Timestamp now, Turns& turns) {
  while (!waiters_.empty() && serve(waiters_.front(), now, turns)) {
    waiting_bytes_ -= waiters_.front().bytes;
    waiters_.pop_front();
  }
}

void InstancePool::throttle_overdue(base::Timestamp now, Turns& turns) {
  while (!waiters_.empty() && waiters_.front().deadline <= now) {
    auto waiter = take_waiter(waiters_);
    turns.push_back({std::move(waiter->on_turn), base::fail(throttled("ConcurrentInvocationLimitExceeded"))});
  }
}

void InstancePool::tell(Turns& turns) {
  for (Turn& turn : turns) turn.on_turn(std::move(turn.acquired));
}

void InstancePool::acquire(const std::shared_ptr<Runnable>& runnable, std::optional<int32_t> reserved,
                           std::size_t bytes, OnTurn on_turn) {
  const base::Timestamp now = env_.clock.now();
  Waiter waiter{runnable, reserved, bytes, std::move(on_turn), now + busy_wait_};
  Turns turns;
  {
    const std::lock_guard lock(mutex_);
    if (!serve(waiter, now, turns)) {
      const bool too_many =
          waiters_.size() >= kWaitersMax || (waiting_bytes_ + bytes > kWaitingBytesMax && !waiters_.empty());
      if (too_many || waiter.deadline <= now) {
        turns.push_back({std::move(waiter.on_turn), base::fail(throttled("ConcurrentInvocationLimitExceeded"))});
      } else {
        waiting_bytes_ += bytes;
        waiters_.push_back(std::move(waiter));
        if (waiters_.size() == 1) to_do_->notify_one();
      }
    }
  }
  tell(turns);
}

void InstancePool::run_starts() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    Turns turns;
    const base::Timestamp now = env_.clock.now();
    serve_waiters(now, turns);
    throttle_overdue(now, turns);
    std::optional<Waiter> next = take_waiter(starting_);
    if (turns.empty() && !next) {
      const base::Timestamp due = waiters_.empty() ? base::kTimestampMax : waiters_.front().deadline;
      env_.executor.wait_until(lock, *to_do_, due);
      continue;
    }
    lock.unlock();
    tell(turns);
    if (next) start_for(std::move(*next));
    turns.clear();
    next.reset();
    lock.lock();
  }
}

void InstancePool::start_for(Waiter waiter) {
  const uint64_t id = waiter.runnable->record->id;
  Started started = start_(waiter.runnable);
  Turns turns;
  {
    const std::lock_guard lock(mutex_);
    if (started) {
      busy_.insert((*started)->running.get());
      if (stopping_) (*started)->running->interrupt();
    } else {
      --slots_[id].busy;
      --total_;
      drop_if_unused(id);
      serve_waiters(env_.clock.now(), turns);
    }
  }
  waiter.on_turn(std::move(started));
  tell(turns);
}

void InstancePool::release(std::unique_ptr<Instance> instance, bool reusable) {
  const base::Timestamp now = env_.clock.now();
  const uint64_t id = instance->runnable->record->id;
  Turns turns;
  {
    const std::lock_guard lock(mutex_);
    busy_.erase(instance->running.get());
    Slot& slot = slots_[id];
    --slot.busy;
    const auto current = slot.current.find(instance->runnable->record->version);
    if (reusable && !stopping_ && current != slot.current.end() && current->second == instance->runnable) {
      instance->idle_since = now;
      slot.idle.push_back(std::move(instance));
    } else {
      bury(std::move(instance));
      drop_if_unused(id);
    }
    serve_waiters(now, turns);
  }
  tell(turns);
}

base::Timestamp InstancePool::bury_expired(base::Timestamp now) {
  base::Timestamp next = base::kTimestampMax;
  for (auto& [id, slot] : slots_) {
    std::vector<std::unique_ptr<Instance>> kept;
    for (auto& instance : slot.idle) {
      const base::Timestamp due =
          std::min(instance->idle_since + kIdleMax, instance->credentials_expire - kCredentialsLeftMin);
      if (due <= now || !instance->running->alive()) {
        bury(std::move(instance));
      } else {
        next = std::min(next, std::min(due, now + kReapInterval));
        kept.push_back(std::move(instance));
      }
    }
    slot.idle = std::move(kept);
  }
  return next;
}

void InstancePool::reap() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const base::Timestamp now = env_.clock.now();
    const base::Timestamp next = bury_expired(now);
    if (graveyard_.empty()) {
      // Whoever makes an instance idle does not wake this task, so look again in time even if there is none now.
      env_.executor.wait_until(lock, *reap_, std::min(next, now + kReapInterval));
      continue;
    }
    auto ended = std::exchange(graveyard_, {});
    lock.unlock();
    ended.clear();
    lock.lock();
  }
}

}  // namespace engine::lambda
