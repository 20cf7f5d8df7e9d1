#include <mutex>

#include "aws/iam/errors.h"
#include "base/encoding.h"
#include "engine/iam/answers.h"
#include "engine/iam/document_check.h"
#include "engine/iam/keys.h"
#include "engine/iam/service.h"
#include "engine/iam/tags.h"

namespace engine::iam {

namespace errors = aws::iam::errors;
using aws::auth::PolicyKind;
using base::Result;

namespace {

// What every answer about a role has. Documents travel percent-encoded: the shape holds the encoded text, because that
// is the member's value on the wire, which clients decode themselves (reference/protocols.md 4.8, item 2).
aws::iam::Role role_shape(const RoleRecord& record) {
  aws::iam::Role out;
  out.path = record.path;
  out.role_name = record.name;
  out.role_id = record.id;
  out.arn = record.arn();
  out.create_date = record.created_at;
  out.assume_role_policy_document = base::percent_encode(record.trust_document);
  out.description = record.description;
  return out;
}

Result<void> check_trust_document(std::string_view document) {
  TRY(check_document(document, DocumentUse::trust));
  TRY(parse_document(document, PolicyKind::trust));
  if (document_bytes(document) <= kTrustPolicyBytesMax) return {};
  return base::fail(errors::limit_exceeded_exception("Cannot exceed quota for ACLSizePerRole: " +
                                                     std::to_string(kTrustPolicyBytesMax)));
}

Result<void> check_session_duration(const std::optional<int32_t>& seconds) {
  if (!seconds || (*seconds >= kSessionSecondsMin && *seconds <= kSessionSecondsMax)) return {};
  return base::fail(errors::validation_error("The MaxSessionDuration must be from " +
                                             std::to_string(kSessionSecondsMin) + " to " +
                                             std::to_string(kSessionSecondsMax) + " seconds"));
}

}  // namespace

Result<aws::iam::CreateRoleResponse> IamService::create_role(Context& context, aws::iam::CreateRoleRequest in) {
  if (!in.role_name || in.role_name->empty()) return base::fail(absent("roleName"));
  if (!in.assume_role_policy_document) return base::fail(absent("assumeRolePolicyDocument"));
  TRY(check_trust_document(*in.assume_role_policy_document));
  TRY(check_session_duration(in.max_session_duration));
  RoleRecord record;
  TRY(add_tags(in.tags, record.tags));
  record.account = context.account;
  record.name = *in.role_name;
  record.path = in.path.value_or("/");
  record.id = make_id(env_.random, "AROA");
  record.created_at = std::chrono::floor<std::chrono::seconds>(context.now);
  record.trust_document = std::move(*in.assume_role_policy_document);
  record.description = std::move(in.description);
  record.max_session_duration_seconds = in.max_session_duration.value_or(kSessionSecondsMin);
  std::string key = keys::role(record.account, lower_case(record.name));
  auto trust = parse_document(record.trust_document, PolicyKind::trust);

  const std::unique_lock lock(mutex_);
  if (roles_.contains(key))
    return base::fail(errors::entity_already_exists_exception("Role with name " + record.name + " already exists."));
  if (roles_of(record.account).size() >= kRolesMax)
    return base::fail(
        errors::limit_exceeded_exception("Cannot exceed quota for RolesPerAccount: " + std::to_string(kRolesMax)));
  aws::iam::Role shape = role_shape(record);
  if (!record.tags.empty()) shape.tags = tags_shape(record.tags);
  store::WriteBatch batch;
  batch.put(key, record.encode());
  store_.write(batch);
  roles_.emplace(std::move(key), Role{std::move(record), std::move(*trust), {}});
  return aws::iam::CreateRoleResponse{.role = std::move(shape)};
}

Result<aws::iam::GetRoleResponse> IamService::get_role(Context& context, aws::iam::GetRoleRequest in) {
  const std::shared_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  const RoleRecord& record = found->second.record;
  aws::iam::Role shape = role_shape(record);
  shape.max_session_duration = record.max_session_duration_seconds;
  if (!record.tags.empty()) shape.tags = tags_shape(record.tags);
  shape.role_last_used.emplace();  // empty: uses are not recorded, which on AWS says "not in the tracking period"
  return aws::iam::GetRoleResponse{.role = std::move(shape)};
}

Result<aws::iam::ListRolesResponse> IamService::list_roles(Context& context, aws::iam::ListRolesRequest in) {
  std::vector<std::pair<std::string, aws::iam::Role>> items;
  {
    const std::shared_lock lock(mutex_);
    for (const RoleRecord* record : roles_of(context.account)) {
      if (!record->path.starts_with(in.path_prefix.value_or("/"))) continue;
      aws::iam::Role shape = role_shape(*record);
      shape.max_session_duration = record->max_session_duration_seconds;
      items.emplace_back(lower_case(record->name), std::move(shape));
    }
  }
  aws::iam::ListRolesResponse out;
  TRY(fill_page(in, std::move(items), out, out.roles));
  return out;
}

Result<aws::iam::UpdateRoleResponse> IamService::update_role(Context& context, aws::iam::UpdateRoleRequest in) {
  TRY(check_session_duration(in.max_session_duration));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  RoleRecord record = found->second.record;
  if (in.description) record.description = std::move(*in.description);
  if (in.max_session_duration) record.max_session_duration_seconds = *in.max_session_duration;
  replace_role(found, std::move(record));
  return aws::iam::UpdateRoleResponse{};
}

Result<aws::iam::UpdateAssumeRolePolicyResponse> IamService::update_assume_role_policy(
    Context& context, aws::iam::UpdateAssumeRolePolicyRequest in) {
  if (!in.policy_document) return base::fail(absent("policyDocument"));
  TRY(check_trust_document(*in.policy_document));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  RoleRecord record = found->second.record;
  record.trust_document = std::move(*in.policy_document);
  replace_role(found, std::move(record));
  return aws::iam::UpdateAssumeRolePolicyResponse{};
}

Result<aws::iam::DeleteRoleResponse> IamService::delete_role(Context& context, aws::iam::DeleteRoleRequest in) {
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  const RoleRecord& record = found->second.record;
  if (!record.attached_arns.empty())
    return base::fail(errors::delete_conflict_exception("Cannot delete entity, must detach all policies first."));
  if (!record.inline_documents.empty())
    return base::fail(errors::delete_conflict_exception("Cannot delete entity, must delete policies first."));
  store::WriteBatch batch;
  batch.erase(found->first);
  store_.write(batch);
  roles_.erase(found);
  return aws::iam::DeleteRoleResponse{};
}

Result<aws::iam::TagRoleResponse> IamService::tag_role(Context& context, aws::iam::TagRoleRequest in) {
  if (!in.tags) return base::fail(absent("tags"));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  RoleRecord record = found->second.record;
  TRY(add_tags(in.tags, record.tags));
  replace_role(found, std::move(record));
  return aws::iam::TagRoleResponse{};
}

Result<aws::iam::UntagRoleResponse> IamService::untag_role(Context& context, aws::iam::UntagRoleRequest in) {
  if (!in.tag_keys) return base::fail(absent("tagKeys"));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_role(context, in.role_name));
  RoleRecord record = found->second.record;
  remove_tags(*in.tag_keys, record.tags);
  replace_role(found, std::move(record));
  return aws::iam::UntagRoleResponse{};
}

Result<aws::iam::ListRoleTagsResponse> IamService::list_role_tags(Context& context, aws::iam::ListRoleTagsRequest in) {
  std::vector<std::pair<std::string, aws::iam::Tag>> items;
  {
    const std::shared_lock lock(mutex_);
    TRY_ASSIGN(const auto found, find_role(context, in.role_name));
    for (const auto& [key, value] : found->second.record.tags)
      items.emplace_back(key, aws::iam::Tag{.key = key, .value = value});
  }
  aws::iam::ListRoleTagsResponse out;
  TRY(fill_page(in, std::move(items), out, out.tags));
  return out;
}

}  // namespace engine::iam
