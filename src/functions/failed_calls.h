// FailedCalls: the errors of called services, told in the function's log: each kind (operation and code) once per
// invocation, when it comes first, because a function that hangs afterwards is killed and tells nothing. Answers that
// the pipeline asks for are none: a condition that does not hold, a row that is there, a range behind an object's end.
// Owned by a bootstrap's main; safe from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/shape.h"
#include "runtime/structured_log.h"

namespace functions {

class FailedCalls {
 public:
  // No value of `secrets` gets into the log, whatever a service puts into its messages. `log` outlives this object.
  FailedCalls(runtime::StructuredLog& log, std::vector<std::string> secrets)
      : log_(log), secrets_(std::move(secrets)) {}

  // Every kind is told again, and count() is 0.
  void begin_invocation();
  // Takes note of what a call came to; `out` is its answer if it has one.
  void see(const aws::ServiceDesc& service, const aws::OperationDesc& operation, const base::Result<void>& result,
           const void* out);
  // Since begin_invocation(), with those whose kind had been told.
  [[nodiscard]] int64_t count();
  // What of a service's message may be in a log.
  [[nodiscard]] std::string without_secrets(std::string_view message) const;

 private:
  struct Error {
    std::string_view code;
    std::string_view message;
    int http_status = 0;  // 0: of a part of a call, or nobody has answered
  };
  void tell(const aws::ServiceDesc& service, const aws::OperationDesc& operation, const Error& error);

  runtime::StructuredLog& log_;
  const std::vector<std::string> secrets_;
  std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> told_;
  int64_t count_ = 0;
};

// Carries operations out on another dispatcher and shows what they came to. Both outlive it.
class WatchedCalls final : public aws::Dispatcher {
 public:
  WatchedCalls(aws::Dispatcher& target, FailedCalls& failed) : target_(target), failed_(failed) {}

  base::Result<void> dispatch(const aws::ServiceDesc& service, const aws::OperationDesc& operation,
                              aws::Context& context, void* in, void* out) override {
    base::Result<void> result = target_.dispatch(service, operation, context, in, out);
    failed_.see(service, operation, result, out);
    return result;
  }

 private:
  aws::Dispatcher& target_;
  FailedCalls& failed_;
};

}  // namespace functions
