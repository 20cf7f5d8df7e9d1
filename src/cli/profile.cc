#include "cli/profile.h"

#include <fstream>
#include <sstream>

#include "os/environment.h"

namespace cli {
namespace {

std::string variable(const GlobalOptions& options, const char* name) {
  return options.ignore_environment ? "" : os::environment(name).value_or("");
}

std::string path_of(const GlobalOptions& options, const char* named_by, const char* otherwise) {
  const std::string path = variable(options, named_by);
  const std::string home = os::environment("HOME").value_or("");
  return path.empty() && !home.empty() ? home + "/.aws/" + otherwise : path;
}

// Empty if there is none, as the AWS CLI takes it.
std::string shared_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;  // an iterator of the buffer would throw at a directory
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace

std::string NamedProfile::value(std::string_view key) const {
  return aws::client::value_of(files.profile(name), key);
}

NamedProfile find_profile(const GlobalOptions& options, const std::optional<DefinitionFile>& file) {
  NamedProfile profile{.name = "default"};
  if (!options.profile.empty()) {
    profile = {.name = options.profile, .origin = "flag --profile", .means_aws = true};
  } else if (const std::string set = variable(options, "AWS_PROFILE"); !set.empty()) {
    profile = {.name = set, .origin = "environment AWS_PROFILE"};
  } else if (file.has_value() && file->definition.stack.profile.has_value()) {
    profile = {.name = *file->definition.stack.profile, .origin = file->origin_of("stack.profile"), .means_aws = true};
  }
  if (options.ignore_environment) return profile;
  const std::string config = path_of(options, "AWS_CONFIG_FILE", "config");
  const std::string credentials = path_of(options, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  profile.files = aws::client::SharedFiles::parse(shared_file(config), shared_file(credentials));
  if (const auto& fault = profile.files.fault(); fault.has_value())
    profile.fault =
        "Unable to parse config file: " + (fault->is_in_credentials ? credentials : config) + ": " + fault->text;
  return profile;
}

}  // namespace cli
