// Stage: what a definition says of one of the pipeline's three functions: other code in its place, and how it runs.
// A value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pipeline {

inline constexpr std::array<std::string_view, 3> kStages{"ingest", "process", "sweep"};

struct Stage {
  std::string name;  // one of kStages
  // A deployment package, a directory or a single file, as the definition names it (from the definition's directory);
  // nullopt: the code is ours. With it come the next three.
  std::optional<std::string> code;
  uint32_t code_line = 0;  // in the definition
  std::string runtime;     // "python3.12"
  std::string handler;     // "my.handle"
  std::optional<int32_t> timeout_seconds;
  std::optional<int32_t> memory_size_mb;
  std::vector<std::pair<std::string, std::string>> environment;
};

// The one of this name, or nullptr.
const Stage* find_stage(const std::vector<Stage>& stages, std::string_view name);

}  // namespace pipeline
