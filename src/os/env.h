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

// What the machine's clocks show, in microseconds: the wall clock, which may be stepped, and one that never is.
struct MachineTime {
  int64_t wall_micros = 0;
  int64_t steady_micros = 0;
};
MachineTime read_machine_time();

// The machine's wall clock as it stands, so it may go back; for what others compare with their own clocks, as
// signatures.
class WallClock final : public base::Clock {
 public:
  base::Timestamp now() override;
};

// The wall clock, but never going back. The rule: where the wall clock steps ahead, this follows at once; where it
// steps back, this goes on from where it is at seven eighths of the speed, so that timeouts last a seventh longer,
// until the wall clock has caught up.
class SystemClock final : public base::Clock {
 public:
  using Read = std::function<MachineTime()>;
  explicit SystemClock(Read read = read_machine_time) : read_(std::move(read)) {}
  base::Timestamp now() override;
  // From now on not before `time`, which an earlier process has shown.
  void start_from(base::Timestamp time);

 private:
  int64_t behind(MachineTime machine);

  const Read read_;
  std::atomic<int64_t> latest_micros_{0};
  std::atomic<int64_t> ahead_micros_{0};  // of the steady clock, when the wall clock was last followed
  std::atomic<bool> slewing_{false};      // written with mutex_ held, or to false by whoever follows the wall clock
  std::mutex mutex_;                      // of the rest, which counts while slewing_
  int64_t slew_from_ = 0;                 // what this clock showed
  int64_t slew_steady_ = 0;               // when the steady clock showed this
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
  // Valid as long as this object, as is what the others answer.
  base::Env& env() { return env_; }
  SystemClock& clock() { return clock_; }
  base::Clock& wall_clock() { return wall_clock_; }

 private:
  SystemClock clock_;
  WallClock wall_clock_;
  SystemRandom random_;
  ThreadExecutor executor_{clock_};
  base::Env env_{clock_, random_, executor_};
};

// Names the calling thread for debuggers and `top`; the system shows 15 bytes.
void name_this_thread(std::string_view name);

}  // namespace os
