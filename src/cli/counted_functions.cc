#include "cli/counted_functions.h"

namespace cli {

class CountedFunctions::Instance final : public runtime::FunctionInstance {
 public:
  Instance(std::unique_ptr<runtime::FunctionInstance> instance, CountedFunctions& host)
      : instance_(std::move(instance)), host_(host) {}
  [[nodiscard]] const std::string& instance_id() const override { return instance_->instance_id(); }
  [[nodiscard]] bool alive() const override { return instance_->alive(); }
  runtime::InvokeOutcome invoke(runtime::InvokeRequest request) override {
    return host_.counted(*instance_, std::move(request));
  }
  void interrupt() override { instance_->interrupt(); }

 private:
  std::unique_ptr<runtime::FunctionInstance> instance_;
  CountedFunctions& host_;
};

bool CountedFunctions::any_at_work() {
  const std::lock_guard lock(mutex_);
  return !begun_.empty() && *begun_.rbegin() > machine_clock_.now() - kPatience;
}

runtime::InvokeOutcome CountedFunctions::counted(runtime::FunctionInstance& instance, runtime::InvokeRequest request) {
  std::unique_lock lock(mutex_);
  const auto begun = begun_.insert(machine_clock_.now());
  lock.unlock();
  runtime::InvokeOutcome outcome = instance.invoke(std::move(request));
  lock.lock();
  begun_.erase(begun);
  return outcome;
}

std::expected<std::unique_ptr<runtime::FunctionInstance>, runtime::StartError> CountedFunctions::start(
    const runtime::FunctionSpec& spec, runtime::LogSink& sink) {
  auto started = host_.start(spec, sink);
  if (!started.has_value()) return std::unexpected(std::move(started.error()));
  return std::make_unique<Instance>(std::move(*started), *this);
}

}  // namespace cli
