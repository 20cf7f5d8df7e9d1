// Invoker: runs one invocation on an instance of the pool, from the throttle to the REPORT line in the function's log,
// and measures it. An invocation goes from event to event (its turn, the answer) and holds no thread in between. Owned
// by the service; safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/env.h"
#include "base/result.h"
#include "engine/lambda/function_entry.h"
#include "engine/lambda/instance_pool.h"
#include "engine/lambda/invocation_metrics.h"
#include "runtime/function_host.h"

namespace engine::lambda {

class Invoker {
 public:
  struct Finished {
    runtime::InvokeOutcome outcome;
    // For LogType Tail: what initialisation wrote, START, the end of the function's own lines, END and REPORT.
    std::string report;
  };

  using Done = std::function<void(base::Result<Finished>)>;

  // `metrics` is null if nothing is measured. All references outlive this object.
  Invoker(base::Env& env, InstancePool& pool, ServiceMetrics* metrics);

  // `done` is called once, when the function has answered or failed, which is an outcome; or if it could not be tried:
  // a throttle, no resources, or the engine stops. On any thread, also on the caller's before this returns; it must not
  // hold it up.
  void begin(const Function& function, runtime::InvokeRequest request, Done done);
  // The same for who may wait: blocks until it is done.
  base::Result<Finished> run(const Function& function, runtime::InvokeRequest request);
  // Blocks until nothing runs. Once no more begins, and the pool has begun to stop.
  void await_idle();
  std::shared_ptr<InvocationMetrics> metrics_of(const Function& function);
  void forget_metrics_of_version(const FunctionRecord& record) {
    metrics_.forget_version(record.account, record.region, record.name, record.version);
  }
  void forget_metrics(const FunctionRecord& record) { metrics_.forget(record.account, record.region, record.name); }

 private:
  class Invocation;
  void ended();

  base::Env& env_;
  InstancePool& pool_;
  FunctionMetrics metrics_;
  std::mutex mutex_;  // guards running_
  std::unique_ptr<base::Condition> idle_;
  std::size_t running_ = 0;
};

}  // namespace engine::lambda
