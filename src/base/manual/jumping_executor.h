// JumpingExecutor: for tests of one thread that waits for time alone. Used from that thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/manual/manual_env.h"

namespace base {

// Sleeping moves the clock, at once, and is written down.
class JumpingExecutor final : public Executor {
 public:
  explicit JumpingExecutor(ManualClock& clock) : clock_(clock) {}
  std::unique_ptr<Condition> make_condition() override { return std::make_unique<Silent>(); }
  void wait_until(std::unique_lock<std::mutex>&, Condition&, Timestamp deadline) override {
    slept.push_back(deadline - clock_.now());
    clock_.advance(slept.back());
  }
  std::unique_ptr<Task> try_spawn(std::string, std::function<void()>) override { return nullptr; }
  std::vector<Duration> slept;

 private:
  struct Silent final : Condition {
    void notify_one() override {}
    void notify_all() override {}
  };
  ManualClock& clock_;
};

struct JumpingEnv {
  ManualClock clock;
  SeededRandom random;
  JumpingExecutor executor{clock};
  Env env{clock, random, executor};
};

}  // namespace base
