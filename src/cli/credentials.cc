#include "cli/credentials.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "os/environment.h"

namespace cli {
namespace {

constexpr const char* kAccessKey = "aws_access_key_id";
constexpr const char* kSecretKey = "aws_secret_access_key";

std::string variable(const GlobalOptions& options, const char* name) {
  return options.ignore_environment ? "" : os::environment(name).value_or("");
}

// Empty if there is none, as the AWS CLI takes it.
std::string shared_file(const GlobalOptions& options, const char* named_by, const char* otherwise) {
  std::string path = variable(options, named_by);
  if (const std::string home = os::environment("HOME").value_or(""); path.empty() && !home.empty())
    path = home + "/.aws/" + otherwise;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;  // an iterator of the buffer would throw at a directory
  text << file.rdbuf();
  return std::move(text).str();
}

// Ways of the AWS CLI to credentials that are none here.
std::string other_way(const NamedProfile& profile) {
  for (const char* key : {"role_arn", "credential_process", "sso_session", "sso_start_url", "web_identity_token_file",
                          "credential_source", "login_session"})
    if (!profile.value(key).empty()) return key;
  return "";
}

}  // namespace

std::string NamedProfile::value(std::string_view key) const {
  const auto found = values.find(key);
  return found == values.end() ? "" : found->second;
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
  const auto files =
      aws::client::SharedFiles::parse(shared_file(options, "AWS_CONFIG_FILE", "config"),
                                      shared_file(options, "AWS_SHARED_CREDENTIALS_FILE", "credentials"));
  const auto* found = files.find(profile.name);
  profile.is_there = found != nullptr;
  if (found != nullptr) profile.values = *found;
  return profile;
}

std::expected<std::optional<aws::auth::Credentials>, std::string> find_credentials(const GlobalOptions& options,
                                                                                   const NamedProfile& profile) {
  aws::auth::Credentials found{variable(options, "AWS_ACCESS_KEY_ID"), variable(options, "AWS_SECRET_ACCESS_KEY"),
                               variable(options, "AWS_SESSION_TOKEN")};
  if (options.profile.empty() && !found.access_key_id.empty()) {
    if (found.secret_access_key.empty())
      return std::unexpected("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
    return found;
  }
  if (!profile.is_there) {
    if (profile.origin.empty()) return std::nullopt;
    return std::unexpected(
        fmt::format("The config profile ({}) could not be found ({} names it)", profile.name, profile.origin));
  }
  found = {profile.value(kAccessKey), profile.value(kSecretKey), profile.value("aws_session_token")};
  // The AWS CLI assumes a role first, whatever keys stand beside it.
  const bool has_role = !profile.value("role_arn").empty();
  if (!has_role && !found.access_key_id.empty() && !found.secret_access_key.empty()) return found;
  if (const std::string way = other_way(profile); !way.empty())
    return std::unexpected(
        fmt::format("profile {} has its credentials by {}, which till does not follow yet: let the AWS CLI do it, by "
                    "`eval \"$(aws configure export-credentials --profile {} --format env)\"`",
                    profile.name, way, profile.name));
  if (!found.access_key_id.empty() || !found.secret_access_key.empty())
    return std::unexpected(fmt::format("profile {} has only one of {} and {}", profile.name, kAccessKey, kSecretKey));
  return std::nullopt;
}

}  // namespace cli
