// CountedFunctions: a FunctionHost in front of another that knows how many invocations are running. A virtual clock
// asks, because a function computes in real time and must not be overtaken by the clock. Owned by the composition root,
// outlives its instances; safe from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "runtime/function_host.h"

namespace cli {

class CountedFunctions final : public runtime::FunctionHost {
 public:
  explicit CountedFunctions(runtime::FunctionHost& host) : host_(host) {}

  [[nodiscard]] bool any_running() const { return running_ != 0; }

  std::expected<std::unique_ptr<runtime::FunctionInstance>, runtime::StartError> start(
      const runtime::FunctionSpec& spec, runtime::LogSink& sink) override;
  base::Result<void> stage_code(std::string_view zip_bytes, const std::string& destination) override {
    return host_.stage_code(zip_bytes, destination);
  }
  void remove_code(const std::string& destination) override { host_.remove_code(destination); }

 private:
  class Instance;
  runtime::FunctionHost& host_;
  std::atomic<std::size_t> running_ = 0;
};

}  // namespace cli
