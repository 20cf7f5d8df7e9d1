// A function's deployment package with the definition that it works by. Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cli {

// The zip archive `package` with one more file, till.toml. The same arguments give the same bytes, so that nothing
// changes when a stack is made what it is already. Fails with "Local" if `package` is no archive.
base::Result<std::string> with_definition(std::string_view package, std::string_view definition);

}  // namespace cli
