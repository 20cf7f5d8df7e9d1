// CountedFunctions: a FunctionHost in front of another that knows which invocations are running. A virtual clock asks,
// because a function computes in real time and must not be overtaken by the clock. Owned by the composition root,
// outlives its instances; safe from any thread.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "base/env.h"
#include "runtime/function_host.h"

namespace cli {

class CountedFunctions final : public runtime::FunctionHost {
 public:
  // An invocation that has run this long is taken to hang: time passes without it, so that its timeout can come.
  static constexpr std::chrono::seconds kPatience{5};

  // `machine_clock` is the one that functions compute by, `clock` the one that their timeouts are told by. All outlive
  // this object.
  CountedFunctions(runtime::FunctionHost& host, base::Clock& machine_clock, base::Clock& clock)
      : host_(host), machine_clock_(machine_clock), clock_(clock) {}

  // Whether an invocation runs that began less than kPatience ago, or whose timeout has come, so that it is being
  // ended.
  [[nodiscard]] bool any_at_work();
  // Invocations that run.
  [[nodiscard]] std::size_t running() {
    const std::lock_guard lock(mutex_);
    return runs_.size();
  }

  std::expected<std::unique_ptr<runtime::FunctionInstance>, runtime::StartError> start(
      const runtime::FunctionSpec& spec, runtime::LogSink& sink) override;
  base::Result<void> stage_code(std::string_view zip_bytes, const std::string& destination) override {
    return host_.stage_code(zip_bytes, destination);
  }
  void remove_code(const std::string& destination) override { host_.remove_code(destination); }

 private:
  class Instance;
  struct Run {
    base::Timestamp begun;     // by the machine's clock
    base::Timestamp deadline;  // by the other
  };
  using Runs = std::list<Run>;
  void set_deadline(Runs::iterator run, base::Timestamp deadline);

  runtime::FunctionHost& host_;
  base::Clock& machine_clock_;
  base::Clock& clock_;
  std::mutex mutex_;
  Runs runs_;
};

}  // namespace cli
