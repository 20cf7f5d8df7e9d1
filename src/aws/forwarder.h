// Forwarder: carries operations out on another implementation of the same service, with a hook before and one after, or
// with one around that may change what goes in and what comes out. For metering, recording and fault injection:
// `Forwarder forwarder(&real); SqsCaller sqs(forwarder);`. Safe from any thread if its hooks are.
#pragma once

#include <functional>
#include <optional>

#include "aws/shape.h"

namespace aws {

class Forwarder final : public Dispatcher {
 public:
  // An error from `before` is the answer, and the implementation is not called.
  using Before = std::function<std::optional<base::AwsError>(const OperationDesc& operation, const void* in)>;
  // Sees the answer and may replace it by an error, as if the reply had been lost.
  using After = std::function<std::optional<base::AwsError>(const OperationDesc& operation,
                                                            const base::Result<void>& result, const void* out)>;
  // Carries the operation out, consuming its input and filling its output; to be called once at most.
  using CarryOut = std::function<base::Result<void>()>;
  // Answers the call. May change `in` before it calls `carry_out` and `out` afterwards, or not call it at all.
  using Around = std::function<base::Result<void>(const ServiceDesc& service, const OperationDesc& operation,
                                                  Context& context, void* in, void* out, const CarryOut& carry_out)>;

  // `target` points to the service's abstract class (Sqs*, ...) and outlives the forwarder. Empty hooks do nothing.
  explicit Forwarder(void* target, Before before = {}, After after = {})
      : target_(target), before_(std::move(before)), after_(std::move(after)) {}
  Forwarder(void* target, Around around) : target_(target), around_(std::move(around)) {}

  base::Result<void> dispatch(const ServiceDesc& service, const OperationDesc& operation, Context& context, void* in,
                              void* out) override {
    if (around_)
      return around_(service, operation, context, in, out, [&] { return operation.call(target_, context, in, out); });
    if (before_) {
      if (auto refused = before_(operation, in)) return base::fail(std::move(*refused));
    }
    base::Result<void> result = operation.call(target_, context, in, out);
    if (after_) {
      if (auto replaced = after_(operation, result, out)) return base::fail(std::move(*replaced));
    }
    return result;
  }

 private:
  void* target_;
  Before before_;
  After after_;
  Around around_;
};

}  // namespace aws
