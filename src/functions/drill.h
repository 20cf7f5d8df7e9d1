// The events of `till alarms drill`: they make the process function fail, or take its time, without an order. No queue
// sends them: an event of a queue has other members.
#pragma once

#include <string_view>

#include "base/env.h"
#include "runtime/handler.h"

namespace functions {

inline constexpr std::string_view kErrorDrill = R"({"tillstream_drill":"error"})";
inline constexpr std::string_view kDurationDrill = R"({"tillstream_drill":"duration"})";
// Longer than the threshold of the duration alarm (stack.cc), shorter than the function's timeout.
inline constexpr base::Duration kDurationDrillTime = std::chrono::milliseconds(1200);

// `handler`, but for the two events above. `env` outlives what it returns.
runtime::HandlerFunction with_drills(base::Env& env, runtime::HandlerFunction handler);

}  // namespace functions
