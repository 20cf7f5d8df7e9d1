#include "cli/profile.h"

#include <cerrno>
#include <cstring>
#include <expected>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "os/environment.h"

namespace cli {
namespace {

std::string variable(const GlobalOptions& options, const char* name) {
  return options.ignore_environment ? "" : os::environment(name).value_or("");
}

std::string path_of(const GlobalOptions& options, const char* named_by, const char* otherwise) {
  const std::string path = variable(options, named_by);
  const std::string home = os::home_directory();
  return path.empty() && !home.empty() ? home + "/.aws/" + otherwise : path;
}

// Empty if there is none, as the AWS CLI takes it.
namespace fs = std::filesystem;

// Empty if there is none; the error is why one that is there cannot be read.
std::expected<std::string, std::string> shared_file(const std::string& path) {
  constexpr std::uintmax_t kBytesMax = 16 << 20;
  std::error_code error;
  if (path.empty() || !fs::exists(path, error)) {
    if (!error) return std::string();
    return std::unexpected(error.message());
  }
  if (!fs::is_regular_file(path, error)) return std::unexpected("it is no file");
  if (fs::file_size(path, error) > kBytesMax) return std::unexpected("it is larger than 16 MiB");
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return std::unexpected(std::strerror(errno));
  std::ostringstream text;  // an iterator of the buffer would throw
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace

std::string NamedProfile::value(std::string_view key) const {
  return aws::client::value_of(files.profile(name), key);
}

std::string NamedProfile::not_found() const {
  return "The config profile (" + name + ") could not be found (" + origin + " names it)";
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
  const auto first = shared_file(config);
  const auto second = shared_file(credentials);
  for (const auto& [path, read] : {std::pair(config, &first), std::pair(credentials, &second)})
    if (!read->has_value()) profile.fault = "Unable to parse config file: " + path + ": " + read->error();
  if (!profile.fault.empty()) return profile;
  profile.files = aws::client::SharedFiles::parse(*first, *second);
  if (const auto& fault = profile.files.fault(); fault.has_value())
    profile.fault =
        "Unable to parse config file: " + (fault->is_in_credentials ? credentials : config) + ": " + fault->text;
  return profile;
}

}  // namespace cli
