// Env: the seams through which time, randomness and waiting enter. Only os/ implements them for real; tests use
// base/manual/manual_env.h. Constructors take an Env& that outlives them. All members are safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "base/time.h"

namespace base {

class Clock {
 public:
  virtual ~Clock() = default;
  // The time by which everything that AWS defines by a clock is decided. Never goes back within one process.
  virtual Timestamp now() = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  // Fills `out` with bytes that are unpredictable in production and reproducible in a simulation.
  virtual void fill(std::span<std::byte> out) = 0;
};

// What a waiter sleeps on; made by Executor::make_condition, used with one mutex, like std::condition_variable.
class Condition {
 public:
  virtual ~Condition() = default;
  virtual void notify_one() = 0;
  virtual void notify_all() = 0;
};

// A task that runs until its body returns. Destroying it waits for that; ask the body to stop first.
class Task {
 public:
  virtual ~Task() = default;
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual std::unique_ptr<Condition> make_condition() = 0;
  // Releases `lock`, sleeps until `condition` is notified or Clock::now() >= deadline, and locks again. May wake
  // early without a reason, so call it in a loop that checks its own predicate. kTimestampMax means no deadline.
  virtual void wait_until(std::unique_lock<std::mutex>& lock, Condition& condition, Timestamp deadline) = 0;
  // Starts `body` on its own thread of execution; nullptr if the system has no thread to give. `name` (at most 15 bytes
  // are shown by the system) is for people.
  [[nodiscard]] virtual std::unique_ptr<Task> try_spawn(std::string name, std::function<void()> body) = 0;
  // The same for what the process can not do without, at its start: says so and ends it (exit 70) if there is no
  // thread.
  [[nodiscard]] std::unique_ptr<Task> spawn(std::string name, std::function<void()> body);
};

// The seams bundled, because nearly every constructor needs all three.
struct Env {
  Clock& clock;
  Random& random;
  Executor& executor;
};

// Sleeps on the calling thread until the clock has gone on by `time`.
void pause(Env& env, Duration time);
// A random (version 4) UUID in its 36 character lower case form.
std::string make_uuid(Random& random);
// `count` characters drawn from `alphabet` (2 to 256 characters) without bias.
std::string random_string(Random& random, std::size_t count, std::string_view alphabet);
// Uniform in [0, bound); bound > 0.
uint64_t random_below(Random& random, uint64_t bound);

}  // namespace base
