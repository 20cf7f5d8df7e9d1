// The product's version, as `till --version` and the health route say it.
#pragma once

#include <string_view>

namespace cli {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace cli
