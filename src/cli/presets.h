// The definition files that `till init` writes, one for each shop system that it knows. Pure; safe from any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace cli {

std::vector<std::string_view> preset_names();
// The text of the file; nullopt: there is no such preset.
std::optional<std::string_view> preset(std::string_view name);

}  // namespace cli
