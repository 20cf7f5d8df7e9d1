#include <algorithm>
#include <mutex>

#include "aws/iam/errors.h"
#include "base/encoding.h"
#include "engine/arn.h"
#include "engine/iam/answers.h"
#include "engine/iam/document_check.h"
#include "engine/iam/policy_shapes.h"
#include "engine/iam/service.h"

namespace engine::iam {

namespace errors = aws::iam::errors;
using base::Result;

namespace {

base::AwsError no_such_inline_policy(std::string_view name) {
  return errors::no_such_entity_exception("The role policy with name " + std::string(name) + " cannot be found.");
}

// arn:aws:iam::A:policy/PATH/NAME
std::string policy_path(std::string_view arn) {
  const std::size_t first = arn.find('/');
  return std::string(arn.substr(first, arn.rfind('/') + 1 - first));
}

}  // namespace

Result<aws::iam::PutRolePolicyResponse> IamService::put_role_policy(Context& context,
                                                                    aws::iam::PutRolePolicyRequest in) {
  if (!in.policy_name || in.policy_name->empty()) return base::fail(absent("policyName"));
  if (!in.policy_document) return base::fail(absent("policyDocument"));
  TRY(check_document(*in.policy_document, DocumentUse::inlined));
  TRY(parse_document(*in.policy_document, aws::auth::PolicyKind::identity));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  RoleRecord record = found->second.record;
  record.inline_documents[*in.policy_name] = std::move(*in.policy_document);
  std::size_t bytes = 0;
  for (const auto& [name, document] : record.inline_documents) bytes += document_bytes(document);
  if (bytes > kInlinePoliciesBytesMax)
    return base::fail(errors::limit_exceeded_exception("Maximum policy size of " +
                                                       std::to_string(kInlinePoliciesBytesMax) +
                                                       " bytes exceeded for role " + record.name));
  replace_role(found, std::move(record));
  return aws::iam::PutRolePolicyResponse{};
}

Result<aws::iam::GetRolePolicyResponse> IamService::get_role_policy(Context& context,
                                                                    aws::iam::GetRolePolicyRequest in) {
  if (!in.policy_name) return base::fail(absent("policyName"));
  const std::shared_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  const RoleRecord& record = found->second.record;
  const auto document = record.inline_documents.find(*in.policy_name);
  if (document == record.inline_documents.end()) return base::fail(no_such_inline_policy(*in.policy_name));
  // Percent-encoded, as the member is on the wire.
  return aws::iam::GetRolePolicyResponse{.role_name = record.name,
                                         .policy_name = document->first,
                                         .policy_document = base::percent_encode(document->second)};
}

Result<aws::iam::ListRolePoliciesResponse> IamService::list_role_policies(Context& context,
                                                                          aws::iam::ListRolePoliciesRequest in) {
  std::vector<std::pair<std::string, std::string>> items;
  {
    const std::shared_lock lock(mutex_);
    TRY_ASSIGN(const auto found, find_role(context, in.role_name));
    for (const auto& [name, document] : found->second.record.inline_documents) items.emplace_back(name, name);
  }
  aws::iam::ListRolePoliciesResponse out;
  TRY(fill_page(in, std::move(items), out, out.policy_names));
  return out;
}

Result<aws::iam::DeleteRolePolicyResponse> IamService::delete_role_policy(Context& context,
                                                                          aws::iam::DeleteRolePolicyRequest in) {
  if (!in.policy_name) return base::fail(absent("policyName"));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  RoleRecord record = found->second.record;
  if (record.inline_documents.erase(*in.policy_name) == 0) return base::fail(no_such_inline_policy(*in.policy_name));
  replace_role(found, std::move(record));
  return aws::iam::DeleteRolePolicyResponse{};
}

Result<aws::iam::AttachRolePolicyResponse> IamService::attach_role_policy(Context& context,
                                                                          aws::iam::AttachRolePolicyRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  TRY(check_policy_arn(*in.policy_arn));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  if (!attachable_document(context.account, *in.policy_arn))
    return base::fail(
        errors::no_such_entity_exception("Policy " + *in.policy_arn + " does not exist or is not attachable."));
  RoleRecord record = found->second.record;
  if (std::ranges::count(record.attached_arns, *in.policy_arn) > 0) return aws::iam::AttachRolePolicyResponse{};
  if (record.attached_arns.size() >= kPoliciesPerRoleMax)
    return base::fail(errors::limit_exceeded_exception("Cannot exceed quota for PoliciesPerRole: " +
                                                       std::to_string(kPoliciesPerRoleMax)));
  record.attached_arns.push_back(std::move(*in.policy_arn));
  replace_role(found, std::move(record));
  return aws::iam::AttachRolePolicyResponse{};
}

Result<aws::iam::DetachRolePolicyResponse> IamService::detach_role_policy(Context& context,
                                                                          aws::iam::DetachRolePolicyRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  TRY(check_policy_arn(*in.policy_arn));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  RoleRecord record = found->second.record;
  if (std::erase(record.attached_arns, *in.policy_arn) == 0) return base::fail(no_such_policy(*in.policy_arn));
  replace_role(found, std::move(record));
  return aws::iam::DetachRolePolicyResponse{};
}

Result<aws::iam::ListAttachedRolePoliciesResponse> IamService::list_attached_role_policies(
    Context& context, aws::iam::ListAttachedRolePoliciesRequest in) {
  std::vector<std::pair<std::string, aws::iam::AttachedPolicy>> items;
  {
    const std::shared_lock lock(mutex_);
    TRY_ASSIGN(const auto found, find_role(context, in.role_name));
    for (const std::string& arn : found->second.record.attached_arns) {
      if (!policy_path(arn).starts_with(in.path_prefix.value_or("/"))) continue;
      items.emplace_back(arn, attached_policy_shape(arn));
    }
  }
  std::ranges::sort(items, {}, &std::pair<std::string, aws::iam::AttachedPolicy>::first);
  aws::iam::ListAttachedRolePoliciesResponse out;
  TRY(fill_page(in, std::move(items), out, out.attached_policies));
  return out;
}

Result<aws::iam::ListEntitiesForPolicyResponse> IamService::list_entities_for_policy(
    Context& context, aws::iam::ListEntitiesForPolicyRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  TRY(check_policy_arn(*in.policy_arn));
  std::vector<std::pair<std::string, aws::iam::PolicyRole>> items;
  {
    const std::shared_lock lock(mutex_);
    if (!attachable_document(context.account, *in.policy_arn)) return base::fail(no_such_policy(*in.policy_arn));
    for (const RoleRecord* role : roles_with(context.account, *in.policy_arn)) {
      if (in.entity_filter.value_or("Role") != "Role") continue;
      if (in.policy_usage_filter.value_or("PermissionsPolicy") != "PermissionsPolicy") continue;
      if (!role->path.starts_with(in.path_prefix.value_or("/"))) continue;
      items.emplace_back(lower_case(role->name), aws::iam::PolicyRole{.role_name = role->name, .role_id = role->id});
    }
  }
  aws::iam::ListEntitiesForPolicyResponse out;
  out.policy_groups.emplace();
  out.policy_users.emplace();
  TRY(fill_page(in, std::move(items), out, out.policy_roles));
  return out;
}

}  // namespace engine::iam
