#include "os/env.h"

#include <pthread.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <system_error>
#include <thread>

#include "base/check.h"

namespace os {
namespace {

// A bound on one sleep, since early wakes are allowed: far deadlines would overflow the nanoseconds of the system's
// clock, and a wall clock that steps ahead, as after a suspension, brings a deadline nearer than the sleep knows.
constexpr auto kSleepMax = std::chrono::minutes(1);

class SystemCondition final : public base::Condition {
 public:
  void notify_one() override { variable.notify_one(); }
  void notify_all() override { variable.notify_all(); }
  std::condition_variable variable;
};

class ThreadTask final : public base::Task {
 public:
  ThreadTask(std::string name, std::function<void()> body)
      : thread_([name = std::move(name), body = std::move(body)] {
          name_this_thread(name);
          body();
        }) {}
  ~ThreadTask() override { thread_.join(); }

 private:
  std::thread thread_;
};

void fill_from_kernel(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    CHECK(got > 0, "the kernel gives no random bytes");
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

void name_this_thread(std::string_view name) {
  const std::string shown(name.substr(0, 15));
  ::pthread_setname_np(::pthread_self(), shown.c_str());
}

MachineTime read_machine_time() {
  const auto wall = std::chrono::floor<base::Duration>(std::chrono::system_clock::now());
  const auto steady = std::chrono::floor<base::Duration>(std::chrono::steady_clock::now());
  return {wall.time_since_epoch().count(), steady.time_since_epoch().count()};
}

base::Timestamp WallClock::now() {
  return base::Timestamp(base::Duration(read_machine_time().wall_micros));
}

base::Timestamp SystemClock::now() {
  const MachineTime machine = read_();
  int64_t latest = latest_micros_.load();
  int64_t micros = machine.wall_micros;
  if (micros >= latest) {
    ahead_micros_ = machine.wall_micros - machine.steady_micros;
    slewing_ = false;
  } else {
    micros = behind(machine);
  }
  while (latest < micros && !latest_micros_.compare_exchange_weak(latest, micros)) {
  }
  return base::Timestamp(base::Duration(std::max(latest, micros)));
}

// What this clock shows while the wall clock shows less.
int64_t SystemClock::behind(MachineTime machine) {
  const std::lock_guard lock(mutex_);
  if (!slewing_) {
    // Full speed until now, though nobody may have looked since the wall clock stepped back.
    slew_from_ = std::max(latest_micros_.load(), machine.steady_micros + ahead_micros_);
    slew_steady_ = machine.steady_micros;
    slewing_ = true;
  }
  const int64_t passed = std::max<int64_t>(0, machine.steady_micros - slew_steady_);
  return slew_from_ + passed - passed / 8;
}

void SystemClock::start_from(base::Timestamp time) {
  const int64_t micros = time.time_since_epoch().count();
  int64_t latest = latest_micros_.load();
  while (latest < micros && !latest_micros_.compare_exchange_weak(latest, micros)) {
  }
  slewing_ = false;  // from another time than before, if at all
}

void SystemRandom::fill(std::span<std::byte> out) {
  if (out.size() > buffer_.size() / 4) return fill_from_kernel(out);
  const std::lock_guard lock(mutex_);
  if (left_ < out.size()) {
    fill_from_kernel(buffer_);
    left_ = buffer_.size();
  }
  std::byte* const next = buffer_.data() + (buffer_.size() - left_);
  std::memcpy(out.data(), next, out.size());
  ::explicit_bzero(next, out.size());
  left_ -= out.size();
}

std::unique_ptr<base::Condition> ThreadExecutor::make_condition() {
  return std::make_unique<SystemCondition>();
}

void ThreadExecutor::wait_until(std::unique_lock<std::mutex>& lock, base::Condition& condition,
                                base::Timestamp deadline) {
  auto& variable = static_cast<SystemCondition&>(condition).variable;
  if (deadline == base::kTimestampMax) {
    variable.wait(lock);
    return;
  }
  const base::Timestamp now = clock_.now();
  if (now >= deadline) return;
  // Measured on the steady clock, so that stepping the wall clock back does not stretch a sleep that has begun.
  const auto sleep = std::min<base::Duration>(kSleepMax, deadline - now);
  variable.wait_until(lock, std::chrono::steady_clock::now() + sleep);
}

std::unique_ptr<base::Task> ThreadExecutor::try_spawn(std::string name, std::function<void()> body) {
  try {
    return std::make_unique<ThreadTask>(std::move(name), std::move(body));
  } catch (const std::system_error&) {
    return nullptr;
  }
}

}  // namespace os
