// Settings: what is in force of what flags, the environment, the definition file and defaults may say, and which of
// them says it. A flag counts before the environment, the environment before the file. Pure but for the environment,
// which is read; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/definition_file.h"
#include "cli/profile.h"

namespace cli {

struct Setting {
  std::string value;
  std::string origin;  // "flag --region", "environment AWS_REGION", "till.toml:3", "default"

  // By AWS_ENDPOINT_URL or a profile, and not for this command or this pipeline.
  [[nodiscard]] bool is_configured() const {
    return origin.starts_with("environment") || origin.starts_with("profile");
  }
};

// Where a command works.
struct Places {
  Setting endpoint;  // a URL, "aws", or empty: the data directory's
  Setting region;
  Setting stack;
  NamedProfile profile;
};
Places find_places(const GlobalOptions& options, const std::optional<DefinitionFile>& file);

// A key of the definition or what a flag says in its place; the value is JSON, empty if nothing holds.
struct NamedSetting {
  std::string key;
  Setting setting;
};
// All that the definition of `file` can say. `options.data_directory` has its value already.
std::vector<NamedSetting> all_settings(const GlobalOptions& options, const UpOptions& up,
                                       const std::optional<DefinitionFile>& file);

}  // namespace cli
