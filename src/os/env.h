// SystemEnv: base::Env over the machine's own clock, random source and threads. The composition root makes one and
// hands out references to it; it must outlive everything that holds them. All members are safe from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "base/env.h"

namespace os {

// The wall clock in microseconds. When the system's clock is stepped back it stands still until that has caught up.
class SystemClock final : public base::Clock {
 public:
  base::Timestamp now() override;

 private:
  std::atomic<int64_t> latest_micros_{0};
};

// The kernel's random source, fetched in blocks because most draws are 16 bytes. A byte is handed out once and wiped.
// Ends the process if the kernel refuses, since nothing that needs secrets can go on.
class SystemRandom final : public base::Random {
 public:
  void fill(std::span<std::byte> out) override;

 private:
  std::mutex mutex_;
  std::array<std::byte, 4096> buffer_;
  std::size_t left_ = 0;  // unused bytes, at the end of buffer_
};

// Threads and condition variables. Deadlines are those of `clock`, which outlives this object.
class ThreadExecutor final : public base::Executor {
 public:
  explicit ThreadExecutor(base::Clock& clock) : clock_(clock) {}
  std::unique_ptr<base::Condition> make_condition() override;
  void wait_until(std::unique_lock<std::mutex>& lock, base::Condition& condition, base::Timestamp deadline) override;
  std::unique_ptr<base::Task> try_spawn(std::string name, std::function<void()> body) override;

 private:
  base::Clock& clock_;
};

class SystemEnv {
 public:
  // Valid as long as this object.
  base::Env& env() { return env_; }

 private:
  SystemClock clock_;
  SystemRandom random_;
  ThreadExecutor executor_{clock_};
  base::Env env_{clock_, random_, executor_};
};

// Names the calling thread for debuggers and `top`; the system shows 15 bytes.
void name_this_thread(std::string_view name);

}  // namespace os
