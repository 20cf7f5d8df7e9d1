#include "cli/counted_functions.h"

namespace cli {

class CountedFunctions::Instance final : public runtime::FunctionInstance {
 public:
  Instance(std::unique_ptr<runtime::FunctionInstance> instance, std::atomic<std::size_t>& running)
      : instance_(std::move(instance)), running_(running) {}
  [[nodiscard]] const std::string& instance_id() const override { return instance_->instance_id(); }
  [[nodiscard]] bool alive() const override { return instance_->alive(); }
  runtime::InvokeOutcome invoke(runtime::InvokeRequest request) override {
    ++running_;
    runtime::InvokeOutcome outcome = instance_->invoke(std::move(request));
    --running_;
    return outcome;
  }
  void interrupt() override { instance_->interrupt(); }

 private:
  std::unique_ptr<runtime::FunctionInstance> instance_;
  std::atomic<std::size_t>& running_;
};

std::expected<std::unique_ptr<runtime::FunctionInstance>, runtime::StartError> CountedFunctions::start(
    const runtime::FunctionSpec& spec, runtime::LogSink& sink) {
  auto started = host_.start(spec, sink);
  if (!started.has_value()) return std::unexpected(std::move(started.error()));
  return std::make_unique<Instance>(std::move(*started), running_);
}

}  // namespace cli
