// The product's version, as `till --version` and the health route say it. CMakeLists.txt has it, once for all.
#pragma once

#include <string_view>

namespace cli {

inline constexpr std::string_view kVersion = TILL_VERSION;
inline constexpr std::string_view kReleaseDate = TILL_RELEASE_DATE;  // 2024-01-02

}  // namespace cli
