// IamService: AWS IAM's roles and managed policies over a KvStore, and the one that knows what a role may do
// (Authorizer). Owned by the engine; safe from any thread. Users, groups and permissions boundaries do not exist.
//
// Everything is in memory, with every policy parsed when it is written or loaded; a change replaces the parsed
// policies of the roles it concerns. Readers share the lock.
#pragma once

#include <map>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/authorizer.h"
#include "aws/auth/policy.h"
#include "aws/iam/iam.h"
#include "base/env.h"
#include "engine/iam/records.h"
#include "engine/iam/role_directory.h"
#include "store/kv_store.h"

namespace engine::iam {

class IamService final : public aws::iam::Iam, public aws::auth::Authorizer, public RoleDirectory {
 public:
  // Loads every role and policy from `store`, which outlives the service, as do the parts of `env`. There is no
  // background work.
  IamService(store::KvStore& store, base::Env& env);
  ~IamService() override = default;
  IamService(const IamService&) = delete;
  IamService& operator=(const IamService&) = delete;

  // service.cc
  // Root may do everything; a service too, since those it calls check their resource policies themselves. A session
  // of a role may do what the role's policies allow now; nothing once the role is deleted, even if another one took
  // its name. sts:GetCallerIdentity needs no permission and cannot be denied, as on AWS.
  bool allows(const aws::Context& context, std::string_view action, std::span<const std::string> resources,
              std::span<const aws::auth::ConditionValue> more = {}) override;
  bool denies(const aws::Context& context, std::string_view action, std::span<const std::string> resources) override;
  std::optional<AssumableRole> find_assumable(std::string_view role_arn) override;

  template <class Out>
  using Result = base::Result<Out>;
  using Context = aws::Context;

  // service_roles.cc
  Result<aws::iam::CreateRoleResponse> create_role(Context& context, aws::iam::CreateRoleRequest in) override;
  Result<aws::iam::GetRoleResponse> get_role(Context& context, aws::iam::GetRoleRequest in) override;
  Result<aws::iam::ListRolesResponse> list_roles(Context& context, aws::iam::ListRolesRequest in) override;
  Result<aws::iam::UpdateRoleResponse> update_role(Context& context, aws::iam::UpdateRoleRequest in) override;
  Result<aws::iam::UpdateAssumeRolePolicyResponse> update_assume_role_policy(
      Context& context, aws::iam::UpdateAssumeRolePolicyRequest in) override;
  Result<aws::iam::DeleteRoleResponse> delete_role(Context& context, aws::iam::DeleteRoleRequest in) override;
  Result<aws::iam::TagRoleResponse> tag_role(Context& context, aws::iam::TagRoleRequest in) override;
  Result<aws::iam::UntagRoleResponse> untag_role(Context& context, aws::iam::UntagRoleRequest in) override;
  Result<aws::iam::ListRoleTagsResponse> list_role_tags(Context& context, aws::iam::ListRoleTagsRequest in) override;
  // service_role_policies.cc
  Result<aws::iam::PutRolePolicyResponse> put_role_policy(Context& context, aws::iam::PutRolePolicyRequest in) override;
  Result<aws::iam::GetRolePolicyResponse> get_role_policy(Context& context, aws::iam::GetRolePolicyRequest in) override;
  Result<aws::iam::ListRolePoliciesResponse> list_role_policies(Context& context,
                                                                aws::iam::ListRolePoliciesRequest in) override;
  Result<aws::iam::DeleteRolePolicyResponse> delete_role_policy(Context& context,
                                                                aws::iam::DeleteRolePolicyRequest in) override;
  Result<aws::iam::AttachRolePolicyResponse> attach_role_policy(Context& context,
                                                                aws::iam::AttachRolePolicyRequest in) override;
  Result<aws::iam::DetachRolePolicyResponse> detach_role_policy(Context& context,
                                                                aws::iam::DetachRolePolicyRequest in) override;
  Result<aws::iam::ListAttachedRolePoliciesResponse> list_attached_role_policies(
      Context& context, aws::iam::ListAttachedRolePoliciesRequest in) override;
  Result<aws::iam::ListEntitiesForPolicyResponse> list_entities_for_policy(
      Context& context, aws::iam::ListEntitiesForPolicyRequest in) override;
  // service_policies.cc
  Result<aws::iam::CreatePolicyResponse> create_policy(Context& context, aws::iam::CreatePolicyRequest in) override;
  Result<aws::iam::GetPolicyResponse> get_policy(Context& context, aws::iam::GetPolicyRequest in) override;
  Result<aws::iam::ListPoliciesResponse> list_policies(Context& context, aws::iam::ListPoliciesRequest in) override;
  Result<aws::iam::DeletePolicyResponse> delete_policy(Context& context, aws::iam::DeletePolicyRequest in) override;
  Result<aws::iam::CreatePolicyVersionResponse> create_policy_version(Context& context,
                                                                      aws::iam::CreatePolicyVersionRequest in) override;
  Result<aws::iam::GetPolicyVersionResponse> get_policy_version(Context& context,
                                                                aws::iam::GetPolicyVersionRequest in) override;
  Result<aws::iam::ListPolicyVersionsResponse> list_policy_versions(Context& context,
                                                                    aws::iam::ListPolicyVersionsRequest in) override;
  Result<aws::iam::DeletePolicyVersionResponse> delete_policy_version(Context& context,
                                                                      aws::iam::DeletePolicyVersionRequest in) override;
  Result<aws::iam::SetDefaultPolicyVersionResponse> set_default_policy_version(
      Context& context, aws::iam::SetDefaultPolicyVersionRequest in) override;
  Result<aws::iam::TagPolicyResponse> tag_policy(Context& context, aws::iam::TagPolicyRequest in) override;
  Result<aws::iam::UntagPolicyResponse> untag_policy(Context& context, aws::iam::UntagPolicyRequest in) override;
  Result<aws::iam::ListPolicyTagsResponse> list_policy_tags(Context& context,
                                                            aws::iam::ListPolicyTagsRequest in) override;
  // service_reports.cc
  Result<aws::iam::GetAccountAuthorizationDetailsResponse> get_account_authorization_details(
      Context& context, aws::iam::GetAccountAuthorizationDetailsRequest in) override;
  Result<aws::iam::GenerateCredentialReportResponse> generate_credential_report(
      Context& context, aws::iam::GenerateCredentialReportRequest in) override;
  Result<aws::iam::GetCredentialReportResponse> get_credential_report(Context& context,
                                                                      aws::iam::GetCredentialReportRequest in) override;
  // service_absent.cc: of what is not here there is none.
  Result<aws::iam::GetAccountPasswordPolicyResponse> get_account_password_policy(
      Context& context, aws::iam::GetAccountPasswordPolicyRequest in) override;
  Result<aws::iam::GetAccountSummaryResponse> get_account_summary(Context& context,
                                                                  aws::iam::GetAccountSummaryRequest in) override;
  Result<aws::iam::GetGroupResponse> get_group(Context& context, aws::iam::GetGroupRequest in) override;
  Result<aws::iam::GetInstanceProfileResponse> get_instance_profile(Context& context,
                                                                    aws::iam::GetInstanceProfileRequest in) override;
  Result<aws::iam::GetLoginProfileResponse> get_login_profile(Context& context,
                                                              aws::iam::GetLoginProfileRequest in) override;
  Result<aws::iam::GetOpenIDConnectProviderResponse> get_open_id_connect_provider(
      Context& context, aws::iam::GetOpenIDConnectProviderRequest in) override;
  Result<aws::iam::GetSAMLProviderResponse> get_saml_provider(Context& context,
                                                              aws::iam::GetSAMLProviderRequest in) override;
  Result<aws::iam::GetServerCertificateResponse> get_server_certificate(
      Context& context, aws::iam::GetServerCertificateRequest in) override;
  Result<aws::iam::GetUserResponse> get_user(Context& context, aws::iam::GetUserRequest in) override;
  Result<aws::iam::ListAccessKeysResponse> list_access_keys(Context& context,
                                                            aws::iam::ListAccessKeysRequest in) override;
  Result<aws::iam::ListAccountAliasesResponse> list_account_aliases(Context& context,
                                                                    aws::iam::ListAccountAliasesRequest in) override;
  Result<aws::iam::ListAttachedUserPoliciesResponse> list_attached_user_policies(
      Context& context, aws::iam::ListAttachedUserPoliciesRequest in) override;
  Result<aws::iam::ListGroupsResponse> list_groups(Context& context, aws::iam::ListGroupsRequest in) override;
  Result<aws::iam::ListGroupsForUserResponse> list_groups_for_user(Context& context,
                                                                   aws::iam::ListGroupsForUserRequest in) override;
  Result<aws::iam::ListInstanceProfilesResponse> list_instance_profiles(
      Context& context, aws::iam::ListInstanceProfilesRequest in) override;
  Result<aws::iam::ListInstanceProfilesForRoleResponse> list_instance_profiles_for_role(
      Context& context, aws::iam::ListInstanceProfilesForRoleRequest in) override;
  Result<aws::iam::ListMFADevicesResponse> list_mfa_devices(Context& context,
                                                            aws::iam::ListMFADevicesRequest in) override;
  Result<aws::iam::ListOpenIDConnectProvidersResponse> list_open_id_connect_providers(
      Context& context, aws::iam::ListOpenIDConnectProvidersRequest in) override;
  Result<aws::iam::ListSAMLProvidersResponse> list_saml_providers(Context& context,
                                                                  aws::iam::ListSAMLProvidersRequest in) override;
  Result<aws::iam::ListServerCertificatesResponse> list_server_certificates(
      Context& context, aws::iam::ListServerCertificatesRequest in) override;
  Result<aws::iam::ListUserPoliciesResponse> list_user_policies(Context& context,
                                                                aws::iam::ListUserPoliciesRequest in) override;
  Result<aws::iam::ListUsersResponse> list_users(Context& context, aws::iam::ListUsersRequest in) override;
  Result<aws::iam::ListVirtualMFADevicesResponse> list_virtual_mfa_devices(
      Context& context, aws::iam::ListVirtualMFADevicesRequest in) override;
  Result<aws::iam::ListSSHPublicKeysResponse> list_ssh_public_keys(Context& context,
                                                                   aws::iam::ListSSHPublicKeysRequest in) override;
  Result<aws::iam::ListSigningCertificatesResponse> list_signing_certificates(
      Context& context, aws::iam::ListSigningCertificatesRequest in) override;
  Result<aws::iam::ListServiceSpecificCredentialsResponse> list_service_specific_credentials(
      Context& context, aws::iam::ListServiceSpecificCredentialsRequest in) override;
  Result<aws::iam::GetUserPolicyResponse> get_user_policy(Context& context, aws::iam::GetUserPolicyRequest in) override;
  Result<aws::iam::ListUserTagsResponse> list_user_tags(Context& context, aws::iam::ListUserTagsRequest in) override;
  Result<aws::iam::GetSSHPublicKeyResponse> get_ssh_public_key(Context& context,
                                                               aws::iam::GetSSHPublicKeyRequest in) override;
  Result<aws::iam::GetAccessKeyLastUsedResponse> get_access_key_last_used(
      Context& context, aws::iam::GetAccessKeyLastUsedRequest in) override;
  Result<aws::iam::GetGroupPolicyResponse> get_group_policy(Context& context,
                                                            aws::iam::GetGroupPolicyRequest in) override;
  Result<aws::iam::ListGroupPoliciesResponse> list_group_policies(Context& context,
                                                                  aws::iam::ListGroupPoliciesRequest in) override;
  Result<aws::iam::ListAttachedGroupPoliciesResponse> list_attached_group_policies(
      Context& context, aws::iam::ListAttachedGroupPoliciesRequest in) override;
  Result<aws::iam::ListInstanceProfileTagsResponse> list_instance_profile_tags(
      Context& context, aws::iam::ListInstanceProfileTagsRequest in) override;
  Result<aws::iam::ListServerCertificateTagsResponse> list_server_certificate_tags(
      Context& context, aws::iam::ListServerCertificateTagsRequest in) override;
  Result<aws::iam::GetMFADeviceResponse> get_mfa_device(Context& context, aws::iam::GetMFADeviceRequest in) override;
  Result<aws::iam::ListMFADeviceTagsResponse> list_mfa_device_tags(Context& context,
                                                                   aws::iam::ListMFADeviceTagsRequest in) override;
  Result<aws::iam::ListOpenIDConnectProviderTagsResponse> list_open_id_connect_provider_tags(
      Context& context, aws::iam::ListOpenIDConnectProviderTagsRequest in) override;
  Result<aws::iam::ListSAMLProviderTagsResponse> list_saml_provider_tags(
      Context& context, aws::iam::ListSAMLProviderTagsRequest in) override;
  Result<aws::iam::GetServiceLinkedRoleDeletionStatusResponse> get_service_linked_role_deletion_status(
      Context& context, aws::iam::GetServiceLinkedRoleDeletionStatusRequest in) override;

 private:
  struct Role {
    RoleRecord record;
    aws::auth::Policy trust;
    std::vector<aws::auth::Policy> policies;  // inline and attached, parsed
  };
  // By keys::role() and keys::policy(): sorted by account, then lower case name.
  using Roles = std::map<std::string, Role, std::less<>>;
  using Policies = std::map<std::string, PolicyRecord, std::less<>>;

  // Of what allows() and denies() tell. Takes mutex_.
  [[nodiscard]] aws::auth::Decision decide(const aws::Context& context, std::string_view action,
                                           std::span<const std::string> resources,
                                           std::span<const aws::auth::ConditionValue> more);
  // service.cc. All of these REQUIRE mutex_ (shared is enough for those that are const).
  void load();
  [[nodiscard]] const Role* find_session_role(const aws::Principal& principal) const;
  // "arn:aws:iam::ACCOUNT:role/NAME" as the ARN of the role that has this name; anything else as it is.
  [[nodiscard]] std::string canonical_resource(const std::string& account, const std::string& resource) const;
  // The role called `name`, or NoSuchEntity.
  Result<Roles::iterator> find_role(const Context& context, const std::optional<std::string>& name);
  // The customer managed policy with this ARN, or NoSuchEntity. REQUIRES a valid ARN.
  Result<Policies::iterator> find_policy(const Context& context, std::string_view arn);
  // The document that is in force for `arn`, as seen from `account`; nullopt if there is no such policy.
  [[nodiscard]] std::optional<std::string> attachable_document(std::string_view account, std::string_view arn) const;
  [[nodiscard]] std::vector<aws::auth::Policy> parsed_policies(const RoleRecord& record) const;
  // Writes `record` and puts it, with its policies parsed anew, in the place of what was there.
  void replace_role(Roles::iterator role, RoleRecord record);
  // Writes `record` in the place of what was there; its documents are the same.
  void write_policy(Policies::iterator policy, PolicyRecord record);
  // The same for other documents, and for all roles that it is attached to.
  void replace_policy(Policies::iterator policy, PolicyRecord record);
  [[nodiscard]] std::vector<const RoleRecord*> roles_of(std::string_view account) const;
  [[nodiscard]] std::vector<const RoleRecord*> roles_with(std::string_view account, std::string_view policy_arn) const;
  // By their ARNs, how many roles each policy is attached to; those that none has are not there.
  [[nodiscard]] std::map<std::string, std::size_t> attachments_of(std::string_view account) const;

  store::KvStore& store_;
  base::Env& env_;
  mutable std::shared_mutex mutex_;  // guards roles_ and policies_
  Roles roles_;
  Policies policies_;
};

}  // namespace engine::iam
