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
      freed_(env.executor.make_condition()),
      reap_(env.executor.make_condition()) {}

InstancePool::~InstancePool() {
  stop();
}

void InstancePool::start() {
  task_ = env_.executor.spawn("lambda-reaper", [this] { reap(); });
}

void InstancePool::begin_stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (runtime::FunctionInstance* instance : busy_) instance->interrupt();
  freed_->notify_all();
  reap_->notify_all();
}

void InstancePool::stop() {
  begin_stop();
  task_.reset();
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
  freed_->notify_all();
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

InstancePool::Acquired InstancePool::acquire(const std::shared_ptr<Runnable>& runnable,
                                             std::optional<int32_t> reserved) {
  const uint64_t id = runnable->record->id;
  std::unique_lock lock(mutex_);
  base::Timestamp now = env_.clock.now();
  const base::Timestamp deadline = now + busy_wait_;
  for (;;) {
    if (stopping_) return base::fail(engine::lambda::stopping());
    Slot& slot = slots_[id];
    if (reserved && slot.busy >= static_cast<std::size_t>(*reserved)) {
      drop_if_unused(id);
      return base::fail(throttled("ReservedFunctionConcurrentInvocationLimitExceeded"));
    }
    if (auto instance = take_idle(slot, runnable, now)) {
      ++slot.busy;
      busy_.insert(instance->running.get());
      return Started(std::move(instance));
    }
    if (total_ < instances_max_ || evict_idle()) break;
    if (now >= deadline) return base::fail(throttled("ConcurrentInvocationLimitExceeded"));
    env_.executor.wait_until(lock, *freed_, deadline);
    now = env_.clock.now();
  }
  ++slots_[id].busy;
  ++total_;
  lock.unlock();
  Started started = start_(runnable);
  lock.lock();
  if (!started) {
    --slots_[id].busy;
    --total_;
    drop_if_unused(id);
    freed_->notify_one();
    return started;
  }
  busy_.insert((*started)->running.get());
  if (stopping_) (*started)->running->interrupt();
  return started;
}

void InstancePool::release(std::unique_ptr<Instance> instance, bool reusable) {
  const base::Timestamp now = env_.clock.now();
  const uint64_t id = instance->runnable->record->id;
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
  freed_->notify_one();
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
