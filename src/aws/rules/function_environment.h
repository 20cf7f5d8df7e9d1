// What Lambda takes as the environment of a function: for who answers CreateFunction, and for who wants to know
// beforehand. Pure; safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "aws/shape.h"

namespace aws::rules {

// Lambda sets it itself and refuses it in a function's configuration (Lambda Developer Guide, "Defined runtime
// environment variables"). TZ and PATH may be set.
bool is_reserved_variable(std::string_view name);

inline constexpr std::size_t kEnvironmentBytesMax = 4'096;
// What the bound is on: the variables as Lambda prints them when it refuses them.
std::string environment_text(const Map<std::string>& variables);

}  // namespace aws::rules
