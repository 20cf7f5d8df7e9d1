// The ways to credentials that ask somebody: STS, SSO's portal, a program, a container's agent, an instance's metadata.
// Each makes a function that asks once, for RefreshedCredentials; it holds `from` by reference. Safe from any thread.
#pragma once

#include <memory>
#include <string>

#include "aws/client/credentials.h"

namespace aws::client {

struct AssumedRole {
  std::string role_arn;
  std::string session_name;      // empty: one of ours
  std::string external_id;       // empty: none
  std::string duration_seconds;  // empty: as the role has it
};

// AssumeRole with the credentials of `source`.
FetchCredentials by_assume_role(const Surroundings& from, AssumedRole role, std::shared_ptr<CredentialProvider> source);

// AssumeRoleWithWebIdentity, with the token that stands in the file at that moment.
FetchCredentials by_web_identity(const Surroundings& from, AssumedRole role, std::string token_file);

struct SsoLogin {
  std::string profile;  // for the advice to log in
  std::string session;  // of [sso-session]; empty: the profile has sso_start_url itself
  std::string start_url;
  std::string region;
  std::string account_id;
  std::string role_name;
};
// GetRoleCredentials with the token that `aws sso login` has left in ~/.aws/sso/cache.
FetchCredentials by_sso(const Surroundings& from, SsoLogin login);

// What the program of the profile's credential_process writes.
FetchCredentials by_process(const Surroundings& from, std::string profile, std::string command);

// The agent of ECS, EKS Pod Identity or Greengrass that AWS_CONTAINER_CREDENTIALS_*_URI names.
FetchCredentials by_container(const Surroundings& from);

// The role of the EC2 instance, by version 2 of its metadata service.
FetchCredentials by_instance(const Surroundings& from, std::string endpoint);

}  // namespace aws::client
