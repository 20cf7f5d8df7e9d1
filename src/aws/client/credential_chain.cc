#include "aws/client/credential_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "aws/auth/text.h"
#include "aws/client/credential_fetchers.h"

namespace aws::client {
namespace {

using Provider = std::shared_ptr<CredentialProvider>;
using Found = base::Result<Provider>;  // nullptr: this way has none

Provider refreshed(const Surroundings& from, FetchCredentials fetch) {
  return std::make_shared<RefreshedCredentials>(from.env, from.wall_clock, std::move(fetch));
}

// Keys and where each of them stands, by their names there. What cannot be sent is named without its value.
base::Result<void> check_keys(const auth::Credentials& keys, std::string_view of, std::string_view id,
                              std::string_view secret, std::string_view token) {
  for (const auto& [name, value] : {std::pair(id, &keys.access_key_id), std::pair(secret, &keys.secret_access_key),
                                    std::pair(token, &keys.session_token)})
    if (has_control(*value))
      return no_credentials(
          fmt::format("{}{} has a line break or another control character in it: set it again without", of, name));
  return {};
}

Found from_environment(const Surroundings& from) {
  constexpr auto kId = "AWS_ACCESS_KEY_ID";
  constexpr auto kSecret = "AWS_SECRET_ACCESS_KEY";
  constexpr auto kToken = "AWS_SESSION_TOKEN";
  auth::Credentials keys{from.variable(kId), from.variable(kSecret), from.variable(kToken)};
  if (keys.access_key_id.empty()) return nullptr;
  if (keys.secret_access_key.empty())
    return no_credentials("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
  TRY(check_keys(keys, "", kId, kSecret, kToken));
  return std::make_shared<FixedCredentials>(std::move(keys));
}

// The keys that stand in a section; only one of the two is a fault.
Found from_keys(const SharedFiles::Section* section, const std::string& profile) {
  auth::Credentials keys{value_of(section, "aws_access_key_id"), value_of(section, "aws_secret_access_key"),
                         value_of(section, "aws_session_token")};
  if (keys.access_key_id.empty() && keys.secret_access_key.empty()) return nullptr;
  if (keys.access_key_id.empty() || keys.secret_access_key.empty())
    return no_credentials(
        fmt::format("profile {} has only one of aws_access_key_id and aws_secret_access_key", profile));
  TRY(check_keys(keys, fmt::format("profile {}: ", profile), "aws_access_key_id", "aws_secret_access_key",
                 "aws_session_token"));
  return std::make_shared<FixedCredentials>(std::move(keys));
}

class Chain {
 public:
  Chain(const Surroundings& from, const CredentialChain& options) : from_(from), options_(options) {}

  Found find() {
    if (!options_.passes_over_environment) {
      TRY_ASSIGN(Provider found, from_environment(from_));
      if (found != nullptr) return found;
    }
    const std::string& name = options_.profile;
    TRY_ASSIGN(Provider found, has_role(name) ? by_role(name) : by_profile(name, !options_.passes_over_environment));
    if (found != nullptr || !options_.asks_machine) return found;
    if (names_container()) return refreshed(from_, by_container(from_));
    if (has_instance()) return by_instance_at_last(name);
    return nullptr;
  }

 private:
  [[nodiscard]] std::string value(const std::string& profile, std::string_view key) const {
    return value_of(from_.files.profile(profile), key);
  }
  [[nodiscard]] bool has_role(const std::string& profile) const {
    return !value(profile, "role_arn").empty() && value(profile, "web_identity_token_file").empty();
  }
  [[nodiscard]] bool names_container() const {
    return !from_.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
           !from_.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").empty();
  }
  [[nodiscard]] bool has_instance() const {
    return aws::auth::lower_case(from_.variable("AWS_EC2_METADATA_DISABLED")) != "true";
  }
  // Most who come here are at no instance, and have no credentials.
  [[nodiscard]] Provider by_instance_at_last(const std::string& profile) const {
    auto fetch = by_instance(from_, value(profile, "ec2_metadata_service_endpoint"));
    return refreshed(from_, [profile, fetch = std::move(fetch)] {
      auto got = fetch();
      if (!got.has_value())
        got.error().message = fmt::format(
            "Unable to locate credentials: none are in the environment and the profile {}, "
            "and there is no container; {}",
            profile, got.error().message);
      return got;
    });
  }
  [[nodiscard]] AssumedRole role_of(const std::string& profile) const {
    return {value(profile, "role_arn"), value(profile, "role_session_name"), value(profile, "external_id"),
            value(profile, "duration_seconds")};
  }

  // role_arn with source_profile or credential_source.
  Found by_role(const std::string& profile) {
    if (std::ranges::find(visited_, profile) != visited_.end())
      return no_credentials(fmt::format("the source_profile of profile {} leads back to it", profile));
    visited_.push_back(profile);
    if (!value(profile, "mfa_serial").empty())
      return no_credentials(fmt::format(
          "profile {} asks for a code of an MFA device (mfa_serial), which till does not: let the AWS CLI do "
          "it, by `eval \"$(aws configure export-credentials --profile {} --format env)\"`",
          profile, profile));
    const std::string source_profile = value(profile, "source_profile");
    const std::string source = value(profile, "credential_source");
    if (source_profile.empty() == source.empty())
      return no_credentials(fmt::format("profile {} has role_arn, and {} source_profile and credential_source", profile,
                                        source.empty() ? "neither of" : "both"));
    TRY_ASSIGN(Provider of_source,
               source.empty() ? by_source_profile(profile, source_profile) : by_credential_source(profile, source));
    return refreshed(from_, by_assume_role(from_, role_of(profile), std::move(of_source)));
  }

  Found by_source_profile(const std::string& profile, const std::string& source) {
    if (from_.files.profile(source) == nullptr)
      return no_credentials(
          fmt::format("The source_profile \"{}\" referenced in the profile \"{}\" does not exist.", source, profile));
    const bool has_keys = !value(source, "aws_access_key_id").empty();
    if (has_role(source) && !has_keys) return by_role(source);
    TRY_ASSIGN(Provider found, by_profile(source, /*asks_environment=*/false));
    if (found != nullptr) return found;
    return no_credentials(fmt::format("The source profile \"{}\" must have credentials.", source));
  }

  Found by_credential_source(const std::string& profile, const std::string& source) {
    Provider found;
    if (source == "Environment") {
      TRY_ASSIGN(found, from_environment(from_));
    } else if (source == "EcsContainer") {
      if (names_container()) found = refreshed(from_, by_container(from_));
    } else if (source == "Ec2InstanceMetadata") {
      if (has_instance()) found = refreshed(from_, by_instance(from_, value(profile, "ec2_metadata_service_endpoint")));
    } else {
      return no_credentials(
          fmt::format("profile {}: credential_source is Environment, Ec2InstanceMetadata or "
                      "EcsContainer, not {}",
                      profile, source));
    }
    if (found != nullptr) return found;
    return no_credentials(fmt::format("No credentials found in credential_source referenced in profile {}", profile));
  }

  // The other ways of a profile.
  Found by_profile(const std::string& name, bool asks_environment) {
    AssumedRole role = role_of(name);
    std::string token_file = value(name, "web_identity_token_file");
    if (const std::string set = from_.variable("AWS_WEB_IDENTITY_TOKEN_FILE"); asks_environment && !set.empty()) {
      token_file = set;
      role = {from_.variable("AWS_ROLE_ARN"), from_.variable("AWS_ROLE_SESSION_NAME"), "", ""};
    }
    if (!token_file.empty()) {
      if (role.role_arn.empty())
        return no_credentials("a web identity token is named, and no role for it: set AWS_ROLE_ARN or role_arn");
      return refreshed(from_, by_web_identity(from_, std::move(role), std::move(token_file)));
    }
    const bool has_sso = !value(name, "sso_session").empty() || !value(name, "sso_start_url").empty();
    if (has_sso) return by_login(name);
    TRY_ASSIGN(Provider of_credentials, from_keys(from_.files.in_credentials(name), name));
    if (of_credentials != nullptr) return of_credentials;
    if (std::string command = value(name, "credential_process"); !command.empty())
      return refreshed(from_, by_process(from_, name, std::move(command)));
    if (!value(name, "login_session").empty())
      return no_credentials(
          fmt::format("profile {} has its credentials by login_session, which till does not follow: let the AWS CLI do "
                      "it, by `eval \"$(aws configure export-credentials --profile {} --format env)\"`",
                      name, name));
    return from_keys(from_.files.profile(name), name);
  }

  Found by_login(const std::string& name) {
    SsoLogin login{.profile = name,
                   .session = value(name, "sso_session"),
                   .start_url = value(name, "sso_start_url"),
                   .region = value(name, "sso_region"),
                   .account_id = value(name, "sso_account_id"),
                   .role_name = value(name, "sso_role_name")};
    if (!login.session.empty()) {
      const auto* session = from_.files.sso_session(login.session);
      if (session == nullptr)
        return no_credentials(
            fmt::format("The specified sso-session does not exist: \"{}\" (profile {})", login.session, name));
      login.start_url = value_of(session, "sso_start_url");
      login.region = value_of(session, "sso_region");
    }
    for (const auto& [key, text] :
         {std::pair("sso_start_url", &login.start_url), std::pair("sso_region", &login.region),
          std::pair("sso_account_id", &login.account_id), std::pair("sso_role_name", &login.role_name)})
      if (text->empty())
        return no_credentials(
            fmt::format("The profile \"{}\" is configured to use SSO but is missing required "
                        "configuration: {}",
                        name, key));
    return refreshed(from_, by_sso(from_, std::move(login)));
  }

  const Surroundings& from_;
  const CredentialChain& options_;
  std::vector<std::string> visited_;
};

}  // namespace

Found find_credentials(const Surroundings& from, const CredentialChain& chain) {
  return Chain(from, chain).find();
}

}  // namespace aws::client
