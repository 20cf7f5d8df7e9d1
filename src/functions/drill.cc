#include "functions/drill.h"

#include <memory>
#include <mutex>

namespace functions {
namespace {

void sleep(base::Env& env, base::Duration how_long) {
  std::mutex mutex;
  const auto never = env.executor.make_condition();
  const base::Timestamp until = env.clock.now() + how_long;
  std::unique_lock lock(mutex);
  while (env.clock.now() < until) env.executor.wait_until(lock, *never, until);
}

}  // namespace

runtime::HandlerFunction with_drills(base::Env& env, runtime::HandlerFunction handler) {
  return [&env, handler = std::move(handler)](
             const runtime::Invocation& invocation) -> std::expected<std::string, runtime::InvocationError> {
    if (invocation.payload == kErrorDrill)
      return std::unexpected(runtime::InvocationError{"Pipeline.Drill", "This failure is a drill; no order is lost."});
    if (invocation.payload == kDurationDrill) {
      sleep(env, kDurationDrillTime);
      return "{\"drill\":\"duration\"}";
    }
    return handler(invocation);
  };
}

}  // namespace functions
