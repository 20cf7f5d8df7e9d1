#include "cli/counted_functions.h"

#include <algorithm>

namespace cli {

class CountedFunctions::Instance final : public runtime::FunctionInstance {
 public:
  Instance(std::unique_ptr<runtime::FunctionInstance> instance, CountedFunctions& host, base::Duration timeout)
      : instance_(std::move(instance)),
        host_(host),
        timeout_(timeout),
        init_deadline_(host.clock_.now() + runtime::kInitTimeout) {}
  [[nodiscard]] const std::string& instance_id() const override { return instance_->instance_id(); }
  [[nodiscard]] bool alive() const override { return instance_->alive(); }
  void invoke(runtime::InvokeRequest request, Done done) override;
  void interrupt() override { instance_->interrupt(); }

 private:
  std::unique_ptr<runtime::FunctionInstance> instance_;
  CountedFunctions& host_;
  const base::Duration timeout_;
  const base::Timestamp init_deadline_;
};

bool CountedFunctions::any_at_work() {
  const base::Timestamp now = clock_.now();
  const base::Timestamp hung_since = machine_clock_.now() - kPatience;
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(runs_, [&](const Run& run) { return run.begun > hung_since || run.deadline <= now; });
}

void CountedFunctions::set_deadline(Runs::iterator run, base::Timestamp deadline) {
  const std::lock_guard lock(mutex_);
  *run = {machine_clock_.now(), deadline};
}

void CountedFunctions::Instance::invoke(runtime::InvokeRequest request, Done done) {
  CountedFunctions& host = host_;
  Runs::iterator run;
  {
    const std::lock_guard lock(host.mutex_);
    run = host.runs_.insert(host.runs_.end(), {host.machine_clock_.now(), init_deadline_});
  }
  request.on_begin = [&host, run, timeout = timeout_, begin = std::move(request.on_begin)] {
    host.set_deadline(run, host.clock_.now() + timeout);
    if (begin) begin();
  };
  request.on_init_end = [&host, run, timeout = timeout_,
                         ended = std::move(request.on_init_end)](const runtime::InitReport& report) {
    host.set_deadline(run, host.clock_.now() + timeout);
    if (ended) ended(report);
  };
  instance_->invoke(std::move(request), [&host, run, done = std::move(done)](runtime::InvokeOutcome outcome) {
    done(std::move(outcome));
    // Only now: whoever waited for the outcome has been woken, so there is no moment at which nobody seems to work.
    const std::lock_guard lock(host.mutex_);
    host.runs_.erase(run);
  });
}

std::expected<std::unique_ptr<runtime::FunctionInstance>, runtime::StartError> CountedFunctions::start(
    const runtime::FunctionSpec& spec, runtime::LogSink& sink) {
  auto started = host_.start(spec, sink);
  if (!started.has_value()) return std::unexpected(std::move(started.error()));
  return std::make_unique<Instance>(std::move(*started), *this, spec.timeout);
}

}  // namespace cli
