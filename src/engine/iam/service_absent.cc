// Users, groups, instance profiles, certificates, identity providers and the account's own settings: this engine has
// none of them, and says so in AWS's words to the tools that look before they change something.
#include <mutex>

#include "aws/iam/errors.h"
#include "engine/arn.h"
#include "engine/iam/answers.h"
#include "engine/iam/keys.h"
#include "engine/iam/limits.h"
#include "engine/iam/service.h"

namespace engine::iam {

namespace errors = aws::iam::errors;
using base::Result;

namespace {

// The first and only page of an empty list.
template <class In, class Out, class Item>
Result<Out> nothing(const In& in, std::optional<std::vector<Item>> Out::* list) {
  Out out;
  TRY(fill_page(in, std::vector<std::pair<std::string, Item>>(), out, out.*list));
  return out;
}

base::AwsError no_such(std::string_view before, const std::optional<std::string>& name, std::string_view after) {
  return errors::no_such_entity_exception(std::string(before) + name.value_or("") + std::string(after));
}

base::AwsError no_such_user(const std::optional<std::string>& name) {
  return no_such("The user with name ", name, " cannot be found.");
}
base::AwsError no_such_group(const std::optional<std::string>& name) {
  return no_such("The group with name ", name, " cannot be found.");
}
base::AwsError no_such_instance_profile(const std::optional<std::string>& name) {
  return no_such("Instance Profile ", name, " cannot be found.");
}
base::AwsError no_such_server_certificate(const std::optional<std::string>& name) {
  return no_such("The Server Certificate with name ", name, " cannot be found.");
}
base::AwsError no_such_mfa_device(const std::optional<std::string>& serial) {
  return no_such("VirtualMFADevice with serial number ", serial, " doesn't exist.");
}
base::AwsError no_such_open_id_connect_provider(const std::optional<std::string>& arn) {
  return no_such("OpenIDConnect Provider not found for arn ", arn, "");
}
base::AwsError no_such_saml_provider(const std::optional<std::string>& arn) {
  return no_such("Manifest not found for arn ", arn, "");
}

}  // namespace

Result<aws::iam::ListUsersResponse> IamService::list_users(Context&, aws::iam::ListUsersRequest in) {
  return nothing(in, &aws::iam::ListUsersResponse::users);
}

Result<aws::iam::ListGroupsResponse> IamService::list_groups(Context&, aws::iam::ListGroupsRequest in) {
  return nothing(in, &aws::iam::ListGroupsResponse::groups);
}

Result<aws::iam::ListInstanceProfilesResponse> IamService::list_instance_profiles(
    Context&, aws::iam::ListInstanceProfilesRequest in) {
  return nothing(in, &aws::iam::ListInstanceProfilesResponse::instance_profiles);
}

Result<aws::iam::ListAccountAliasesResponse> IamService::list_account_aliases(Context&,
                                                                              aws::iam::ListAccountAliasesRequest in) {
  return nothing(in, &aws::iam::ListAccountAliasesResponse::account_aliases);
}

Result<aws::iam::ListServerCertificatesResponse> IamService::list_server_certificates(
    Context&, aws::iam::ListServerCertificatesRequest in) {
  return nothing(in, &aws::iam::ListServerCertificatesResponse::server_certificate_metadata_list);
}

Result<aws::iam::ListVirtualMFADevicesResponse> IamService::list_virtual_mfa_devices(
    Context&, aws::iam::ListVirtualMFADevicesRequest in) {
  return nothing(in, &aws::iam::ListVirtualMFADevicesResponse::virtual_mfa_devices);
}

Result<aws::iam::ListSAMLProvidersResponse> IamService::list_saml_providers(Context&,
                                                                            aws::iam::ListSAMLProvidersRequest) {
  aws::iam::ListSAMLProvidersResponse out;
  out.saml_provider_list.emplace();
  return out;
}

Result<aws::iam::ListOpenIDConnectProvidersResponse> IamService::list_open_id_connect_providers(
    Context&, aws::iam::ListOpenIDConnectProvidersRequest) {
  aws::iam::ListOpenIDConnectProvidersResponse out;
  out.open_id_connect_provider_list.emplace();
  return out;
}

// Tools ask before they delete a role.
Result<aws::iam::ListInstanceProfilesForRoleResponse> IamService::list_instance_profiles_for_role(
    Context& context, aws::iam::ListInstanceProfilesForRoleRequest in) {
  const std::shared_lock lock(mutex_);
  TRY(find_role(context, in.role_name));
  return nothing(in, &aws::iam::ListInstanceProfilesForRoleResponse::instance_profiles);
}

// Without a name they are about the caller, who is root or a role and has none of these.
Result<aws::iam::ListAccessKeysResponse> IamService::list_access_keys(Context&, aws::iam::ListAccessKeysRequest in) {
  if (in.user_name) return base::fail(no_such_user(in.user_name));
  return nothing(in, &aws::iam::ListAccessKeysResponse::access_key_metadata);
}

Result<aws::iam::ListMFADevicesResponse> IamService::list_mfa_devices(Context&, aws::iam::ListMFADevicesRequest in) {
  if (in.user_name) return base::fail(no_such_user(in.user_name));
  return nothing(in, &aws::iam::ListMFADevicesResponse::mfa_devices);
}

Result<aws::iam::ListSSHPublicKeysResponse> IamService::list_ssh_public_keys(Context&,
                                                                             aws::iam::ListSSHPublicKeysRequest in) {
  if (in.user_name) return base::fail(no_such_user(in.user_name));
  return nothing(in, &aws::iam::ListSSHPublicKeysResponse::ssh_public_keys);
}

Result<aws::iam::ListSigningCertificatesResponse> IamService::list_signing_certificates(
    Context&, aws::iam::ListSigningCertificatesRequest in) {
  if (in.user_name) return base::fail(no_such_user(in.user_name));
  return nothing(in, &aws::iam::ListSigningCertificatesResponse::certificates);
}

Result<aws::iam::ListServiceSpecificCredentialsResponse> IamService::list_service_specific_credentials(
    Context&, aws::iam::ListServiceSpecificCredentialsRequest in) {
  if (in.user_name) return base::fail(no_such_user(in.user_name));
  return nothing(in, &aws::iam::ListServiceSpecificCredentialsResponse::service_specific_credentials);
}

Result<aws::iam::ListAttachedUserPoliciesResponse> IamService::list_attached_user_policies(
    Context&, aws::iam::ListAttachedUserPoliciesRequest in) {
  return base::fail(no_such_user(in.user_name));
}

Result<aws::iam::ListUserPoliciesResponse> IamService::list_user_policies(Context&,
                                                                          aws::iam::ListUserPoliciesRequest in) {
  return base::fail(no_such_user(in.user_name));
}

Result<aws::iam::ListGroupsForUserResponse> IamService::list_groups_for_user(Context&,
                                                                             aws::iam::ListGroupsForUserRequest in) {
  return base::fail(no_such_user(in.user_name));
}

Result<aws::iam::GetUserResponse> IamService::get_user(Context& context, aws::iam::GetUserRequest in) {
  if (in.user_name) return base::fail(no_such_user(in.user_name));
  if (context.principal.kind != aws::Principal::Kind::root)
    return base::fail(errors::validation_error("Must specify userName when calling with non-User credentials"));
  aws::iam::User root;
  root.user_id = context.account;
  root.arn = make_arn("iam", "", context.account, "root");
  root.create_date = base::Timestamp();
  return aws::iam::GetUserResponse{.user = std::move(root)};
}

Result<aws::iam::GetLoginProfileResponse> IamService::get_login_profile(Context&, aws::iam::GetLoginProfileRequest in) {
  return base::fail(no_such("Login Profile for User ", in.user_name, " cannot be found."));
}

Result<aws::iam::GetUserPolicyResponse> IamService::get_user_policy(Context&, aws::iam::GetUserPolicyRequest in) {
  return base::fail(no_such_user(in.user_name));
}

Result<aws::iam::ListUserTagsResponse> IamService::list_user_tags(Context&, aws::iam::ListUserTagsRequest in) {
  return base::fail(no_such_user(in.user_name));
}

Result<aws::iam::GetSSHPublicKeyResponse> IamService::get_ssh_public_key(Context&,
                                                                         aws::iam::GetSSHPublicKeyRequest in) {
  return base::fail(no_such_user(in.user_name));
}

Result<aws::iam::GetAccessKeyLastUsedResponse> IamService::get_access_key_last_used(
    Context&, aws::iam::GetAccessKeyLastUsedRequest in) {
  return base::fail(no_such("The Access Key with id ", in.access_key_id, " cannot be found."));
}

Result<aws::iam::GetGroupResponse> IamService::get_group(Context&, aws::iam::GetGroupRequest in) {
  return base::fail(no_such_group(in.group_name));
}

Result<aws::iam::GetGroupPolicyResponse> IamService::get_group_policy(Context&, aws::iam::GetGroupPolicyRequest in) {
  return base::fail(no_such_group(in.group_name));
}

Result<aws::iam::ListGroupPoliciesResponse> IamService::list_group_policies(Context&,
                                                                            aws::iam::ListGroupPoliciesRequest in) {
  return base::fail(no_such_group(in.group_name));
}

Result<aws::iam::ListAttachedGroupPoliciesResponse> IamService::list_attached_group_policies(
    Context&, aws::iam::ListAttachedGroupPoliciesRequest in) {
  return base::fail(no_such_group(in.group_name));
}

Result<aws::iam::GetInstanceProfileResponse> IamService::get_instance_profile(Context&,
                                                                              aws::iam::GetInstanceProfileRequest in) {
  return base::fail(no_such_instance_profile(in.instance_profile_name));
}

Result<aws::iam::ListInstanceProfileTagsResponse> IamService::list_instance_profile_tags(
    Context&, aws::iam::ListInstanceProfileTagsRequest in) {
  return base::fail(no_such_instance_profile(in.instance_profile_name));
}

Result<aws::iam::GetServerCertificateResponse> IamService::get_server_certificate(
    Context&, aws::iam::GetServerCertificateRequest in) {
  return base::fail(no_such_server_certificate(in.server_certificate_name));
}

Result<aws::iam::ListServerCertificateTagsResponse> IamService::list_server_certificate_tags(
    Context&, aws::iam::ListServerCertificateTagsRequest in) {
  return base::fail(no_such_server_certificate(in.server_certificate_name));
}

Result<aws::iam::GetMFADeviceResponse> IamService::get_mfa_device(Context&, aws::iam::GetMFADeviceRequest in) {
  return base::fail(no_such_mfa_device(in.serial_number));
}

Result<aws::iam::ListMFADeviceTagsResponse> IamService::list_mfa_device_tags(Context&,
                                                                             aws::iam::ListMFADeviceTagsRequest in) {
  return base::fail(no_such_mfa_device(in.serial_number));
}

Result<aws::iam::GetOpenIDConnectProviderResponse> IamService::get_open_id_connect_provider(
    Context&, aws::iam::GetOpenIDConnectProviderRequest in) {
  return base::fail(no_such_open_id_connect_provider(in.open_id_connect_provider_arn));
}

Result<aws::iam::ListOpenIDConnectProviderTagsResponse> IamService::list_open_id_connect_provider_tags(
    Context&, aws::iam::ListOpenIDConnectProviderTagsRequest in) {
  return base::fail(no_such_open_id_connect_provider(in.open_id_connect_provider_arn));
}

Result<aws::iam::GetSAMLProviderResponse> IamService::get_saml_provider(Context&, aws::iam::GetSAMLProviderRequest in) {
  return base::fail(no_such_saml_provider(in.saml_provider_arn));
}

Result<aws::iam::ListSAMLProviderTagsResponse> IamService::list_saml_provider_tags(
    Context&, aws::iam::ListSAMLProviderTagsRequest in) {
  return base::fail(no_such_saml_provider(in.saml_provider_arn));
}

Result<aws::iam::GetServiceLinkedRoleDeletionStatusResponse> IamService::get_service_linked_role_deletion_status(
    Context&, aws::iam::GetServiceLinkedRoleDeletionStatusRequest in) {
  return base::fail(no_such("Deletion task ", in.deletion_task_id, " cannot be found."));
}

Result<aws::iam::GetAccountPasswordPolicyResponse> IamService::get_account_password_policy(
    Context& context, aws::iam::GetAccountPasswordPolicyRequest) {
  return base::fail(errors::no_such_entity_exception("The Password Policy with domain name " + context.account +
                                                     " cannot be found."));
}

Result<aws::iam::GetAccountSummaryResponse> IamService::get_account_summary(Context& context,
                                                                            aws::iam::GetAccountSummaryRequest) {
  std::size_t roles = 0;
  std::size_t policies = 0;
  std::size_t versions = 0;
  {
    const std::shared_lock lock(mutex_);
    roles = roles_of(context.account).size();
    const std::string begin = store::KeyWriter(keys::kPolicyTable).text(context.account).take();
    for (auto at = policies_.lower_bound(begin); at != policies_.end() && at->first.starts_with(begin); ++at) {
      ++policies;
      versions += at->second.versions.size();
    }
  }
  aws::iam::GetAccountSummaryResponse out;
  auto& summary = out.summary_map.emplace();
  // Quotas of what is not here are AWS's (IAM User Guide, "IAM and AWS STS quotas").
  for (const auto& [name, value] : std::initializer_list<std::pair<std::string_view, std::size_t>>{
           {"Users", 0},
           {"UsersQuota", 5'000},
           {"Groups", 0},
           {"GroupsQuota", 300},
           {"GroupsPerUserQuota", 10},
           {"Roles", roles},
           {"RolesQuota", kRolesMax},
           {"Policies", policies},
           {"PoliciesQuota", kPoliciesMax},
           {"PolicyVersionsInUse", versions},
           {"PolicyVersionsInUseQuota", 10'000},
           {"VersionsPerPolicyQuota", kPolicyVersionsMax},
           {"PolicySizeQuota", kPolicyBytesMax},
           {"AssumeRolePolicySizeQuota", kTrustPolicyBytesMax},
           {"RolePolicySizeQuota", kInlinePoliciesBytesMax},
           {"UserPolicySizeQuota", 2'048},
           {"GroupPolicySizeQuota", 5'120},
           {"AttachedPoliciesPerRoleQuota", kPoliciesPerRoleMax},
           {"AttachedPoliciesPerUserQuota", 10},
           {"AttachedPoliciesPerGroupQuota", 10},
           {"InstanceProfiles", 0},
           {"InstanceProfilesQuota", 1'000},
           {"ServerCertificates", 0},
           {"ServerCertificatesQuota", 20},
           {"AccessKeysPerUserQuota", 2},
           {"SigningCertificatesPerUserQuota", 2},
           {"MFADevices", 0},
           {"MFADevicesInUse", 0},
           {"Providers", 0},
           {"AccountMFAEnabled", 0},
           {"AccountAccessKeysPresent", 1},
           {"AccountSigningCertificatesPresent", 0},
           {"GlobalEndpointTokenVersion", 1}})
    summary[std::string(name)] = static_cast<int32_t>(value);
  return out;
}

}  // namespace engine::iam
