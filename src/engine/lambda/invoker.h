// Invoker: runs one invocation on an instance of the pool, from the throttle to the REPORT line in the function's log,
// and measures it. Owned by the service; safe from any thread.
#pragma once

#include <memory>
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

  // `metrics` is null if nothing is measured. All references outlive this object.
  Invoker(base::Env& env, InstancePool& pool, ServiceMetrics* metrics) : env_(env), pool_(pool), metrics_(metrics) {}

  // Blocks until the function has answered or failed, which is an outcome. Fails if it could not be tried: a throttle,
  // or the engine stops.
  base::Result<Finished> run(const Function& function, runtime::InvokeRequest request);
  std::shared_ptr<InvocationMetrics> metrics_of(const Function& function);
  void forget_metrics_of_version(const FunctionRecord& record) {
    metrics_.forget_version(record.account, record.region, record.name, record.version);
  }
  void forget_metrics(const FunctionRecord& record) { metrics_.forget(record.account, record.region, record.name); }

 private:
  // One attempt on an instance.
  Finished run_on(std::unique_ptr<Instance> instance, const FunctionRecord& record, runtime::InvokeRequest request);
  std::string log_end(LogStream& log, const FunctionRecord& record, const std::string& request_id,
                      runtime::InvokeOutcome& outcome, bool begun);

  base::Env& env_;
  InstancePool& pool_;
  FunctionMetrics metrics_;
};

}  // namespace engine::lambda
