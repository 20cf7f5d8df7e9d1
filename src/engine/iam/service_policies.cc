#include <algorithm>
#include <charconv>
#include <mutex>

#include "aws/iam/errors.h"
#include "base/encoding.h"
#include "engine/iam/answers.h"
#include "engine/iam/document_check.h"
#include "engine/iam/keys.h"
#include "engine/iam/managed_policies.h"
#include "engine/iam/policy_shapes.h"
#include "engine/iam/service.h"
#include "engine/iam/tags.h"

namespace engine::iam {

namespace errors = aws::iam::errors;
using aws::auth::PolicyKind;
using base::Result;

namespace {

// The number in "v12"; 0, which no version has, for anything else.
uint64_t version_number(std::string_view id) {
  uint64_t out = 0;
  if (!id.starts_with('v')) return 0;
  const auto [end, error] = std::from_chars(id.data() + 1, id.data() + id.size(), out);
  return error == std::errc() && end == id.data() + id.size() ? out : 0;
}

base::AwsError no_such_version(std::string_view arn, std::string_view id) {
  return errors::no_such_entity_exception("Policy " + std::string(arn) + " version " + std::string(id) +
                                          " does not exist or is not attachable.");
}

// What belongs to AWS cannot be changed by anybody.
Result<void> check_own(const aws::Context& context, std::string_view arn, std::string_view action) {
  TRY(check_policy_arn(arn));
  if (!arn.starts_with("arn:aws:iam::aws:")) return {};
  return base::fail(errors::access_denied("User: " + context.principal.arn + " is not authorized to perform: iam:" +
                                          std::string(action) + " on resource: policy " + std::string(arn)));
}

Result<void> check_policy_document(std::string_view document) {
  TRY(check_document(document, DocumentUse::managed));
  TRY(parse_document(document, PolicyKind::identity));
  if (document_bytes(document) <= kPolicyBytesMax) return {};
  return base::fail(
      errors::limit_exceeded_exception("Cannot exceed quota for PolicySize: " + std::to_string(kPolicyBytesMax)));
}

}  // namespace

Result<aws::iam::CreatePolicyResponse> IamService::create_policy(Context& context, aws::iam::CreatePolicyRequest in) {
  if (!in.policy_name || in.policy_name->empty()) return base::fail(absent("policyName"));
  if (!in.policy_document) return base::fail(absent("policyDocument"));
  TRY(check_policy_document(*in.policy_document));
  PolicyRecord record;
  record.account = context.account;
  record.name = *in.policy_name;
  record.path = in.path.value_or("/");
  record.id = make_id(env_.random, "ANPA");
  record.description = std::move(in.description);
  TRY(add_tags(in.tags, record.tags));
  record.created_at = record.updated_at = std::chrono::floor<std::chrono::seconds>(context.now);
  record.versions[1] = {std::move(*in.policy_document), record.created_at};
  std::string key = keys::policy(record.account, lower_case(record.name));

  const std::unique_lock lock(mutex_);
  if (policies_.contains(key))
    return base::fail(errors::entity_already_exists_exception("A policy called " + record.name +
                                                              " already exists. Duplicate names are not allowed."));
  const std::string account = store::KeyWriter(keys::kPolicyTable).text(record.account).take();
  const auto count =
      std::ranges::count_if(policies_, [&account](const auto& entry) { return entry.first.starts_with(account); });
  if (static_cast<std::size_t>(count) >= kPoliciesMax)
    return base::fail(errors::limit_exceeded_exception("Cannot exceed quota for PoliciesPerAccount: " +
                                                       std::to_string(kPoliciesMax)));
  store::WriteBatch batch;
  batch.put(key, record.encode());
  store_.write(batch);
  aws::iam::CreatePolicyResponse out{.policy = policy_shape(record, 0)};
  if (!record.tags.empty()) out.policy->tags = tags_shape(record.tags);
  policies_.emplace(std::move(key), std::move(record));
  return out;
}

Result<aws::iam::GetPolicyResponse> IamService::get_policy(Context& context, aws::iam::GetPolicyRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  TRY(check_policy_arn(*in.policy_arn));
  const std::shared_lock lock(mutex_);
  const std::size_t attachments = roles_with(context.account, *in.policy_arn).size();
  aws::iam::GetPolicyResponse out;
  if (const AwsManagedPolicy* policy = find_aws_managed_policy(*in.policy_arn)) {
    out.policy = policy_shape(*policy, attachments);
    out.policy->tags.emplace();
    return out;
  }
  TRY_ASSIGN(const auto found, find_policy(context, *in.policy_arn));
  out.policy = policy_shape(found->second, attachments);
  out.policy->description = found->second.description;  // lists have neither
  out.policy->tags = tags_shape(found->second.tags);
  return out;
}

Result<aws::iam::ListPoliciesResponse> IamService::list_policies(Context& context, aws::iam::ListPoliciesRequest in) {
  const std::string scope = in.scope.value_or("All");
  std::vector<std::pair<std::string, aws::iam::Policy>> items;
  const auto add = [&](aws::iam::Policy shape) {
    if (in.only_attached.value_or(false) && *shape.attachment_count == 0) return;
    if (in.policy_usage_filter.value_or("PermissionsPolicy") != "PermissionsPolicy") return;
    if (!shape.path->starts_with(in.path_prefix.value_or("/"))) return;
    std::string key = *shape.arn;
    items.emplace_back(std::move(key), std::move(shape));
  };
  {
    const std::shared_lock lock(mutex_);
    auto attachments = attachments_of(context.account);
    const auto attached = [&attachments](const std::string& arn) { return attachments[arn]; };
    const std::string begin = store::KeyWriter(keys::kPolicyTable).text(context.account).take();
    for (auto at = policies_.lower_bound(begin); at != policies_.end() && at->first.starts_with(begin); ++at)
      if (scope != "AWS") add(policy_shape(at->second, attached(at->second.arn())));
    for (const AwsManagedPolicy& policy : aws_managed_policies())
      if (scope != "Local") add(policy_shape(policy, attached(policy.arn())));
  }
  std::ranges::sort(items, {}, &std::pair<std::string, aws::iam::Policy>::first);
  aws::iam::ListPoliciesResponse out;
  TRY(fill_page(in, std::move(items), out, out.policies));
  return out;
}

Result<aws::iam::DeletePolicyResponse> IamService::delete_policy(Context& context, aws::iam::DeletePolicyRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  TRY(check_own(context, *in.policy_arn, "DeletePolicy"));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_policy(context, *in.policy_arn));
  if (!roles_with(context.account, *in.policy_arn).empty())
    return base::fail(errors::delete_conflict_exception("Cannot delete a policy attached to entities."));
  if (found->second.versions.size() > 1)
    return base::fail(errors::delete_conflict_exception(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
        "The default version is deleted with the policy."));
  store::WriteBatch batch;
  batch.erase(found->first);
  store_.write(batch);
  policies_.erase(found);
  return aws::iam::DeletePolicyResponse{};
}

Result<aws::iam::CreatePolicyVersionResponse> IamService::create_policy_version(
    Context& context, aws::iam::CreatePolicyVersionRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  if (!in.policy_document) return base::fail(absent("policyDocument"));
  TRY(check_own(context, *in.policy_arn, "CreatePolicyVersion"));
  TRY(check_policy_document(*in.policy_document));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_policy(context, *in.policy_arn));
  PolicyRecord record = found->second;
  if (record.versions.size() >= kPolicyVersionsMax)
    return base::fail(errors::limit_exceeded_exception(
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing "
        "version."));
  record.updated_at = std::chrono::floor<std::chrono::seconds>(context.now);
  const uint64_t number = ++record.last_version;
  record.versions[number] = {std::move(*in.policy_document), record.updated_at};
  if (in.set_as_default.value_or(false)) record.default_version = number;
  replace_policy(found, std::move(record));
  return aws::iam::CreatePolicyVersionResponse{.policy_version = version_shape(found->second, number)};
}

Result<aws::iam::GetPolicyVersionResponse> IamService::get_policy_version(Context& context,
                                                                          aws::iam::GetPolicyVersionRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  if (!in.version_id) return base::fail(absent("versionId"));
  TRY(check_policy_arn(*in.policy_arn));
  aws::iam::PolicyVersion shape;
  if (const AwsManagedPolicy* policy = find_aws_managed_policy(*in.policy_arn)) {
    if (*in.version_id != policy->version) return base::fail(no_such_version(*in.policy_arn, *in.version_id));
    shape = version_shape(*policy);
    shape.document = base::percent_encode(policy->document());
    return aws::iam::GetPolicyVersionResponse{.policy_version = std::move(shape)};
  }
  const std::shared_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_policy(context, *in.policy_arn));
  const auto version = found->second.versions.find(version_number(*in.version_id));
  if (version == found->second.versions.end()) return base::fail(no_such_version(*in.policy_arn, *in.version_id));
  shape = version_shape(found->second, version->first);
  shape.document = base::percent_encode(version->second.document);  // as the member is on the wire
  return aws::iam::GetPolicyVersionResponse{.policy_version = std::move(shape)};
}

Result<aws::iam::ListPolicyVersionsResponse> IamService::list_policy_versions(Context& context,
                                                                              aws::iam::ListPolicyVersionsRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  TRY(check_policy_arn(*in.policy_arn));
  std::vector<std::pair<std::string, aws::iam::PolicyVersion>> items;
  if (const AwsManagedPolicy* policy = find_aws_managed_policy(*in.policy_arn)) {
    items.emplace_back("0", version_shape(*policy));
  } else {
    const std::shared_lock lock(mutex_);
    TRY_ASSIGN(const auto found, find_policy(context, *in.policy_arn));
    // Newest first.
    for (auto at = found->second.versions.rbegin(); at != found->second.versions.rend(); ++at)
      items.emplace_back(store::KeyWriter("").number(~at->first).take(), version_shape(found->second, at->first));
  }
  aws::iam::ListPolicyVersionsResponse out;
  TRY(fill_page(in, std::move(items), out, out.versions));
  return out;
}

Result<aws::iam::DeletePolicyVersionResponse> IamService::delete_policy_version(
    Context& context, aws::iam::DeletePolicyVersionRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  if (!in.version_id) return base::fail(absent("versionId"));
  TRY(check_own(context, *in.policy_arn, "DeletePolicyVersion"));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_policy(context, *in.policy_arn));
  PolicyRecord record = found->second;
  const uint64_t number = version_number(*in.version_id);
  if (!record.versions.contains(number)) return base::fail(no_such_version(*in.policy_arn, *in.version_id));
  if (number == record.default_version)
    return base::fail(errors::delete_conflict_exception("Cannot delete the default version of a policy."));
  record.versions.erase(number);
  record.updated_at = std::chrono::floor<std::chrono::seconds>(context.now);
  replace_policy(found, std::move(record));
  return aws::iam::DeletePolicyVersionResponse{};
}

Result<aws::iam::SetDefaultPolicyVersionResponse> IamService::set_default_policy_version(
    Context& context, aws::iam::SetDefaultPolicyVersionRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  if (!in.version_id) return base::fail(absent("versionId"));
  TRY(check_own(context, *in.policy_arn, "SetDefaultPolicyVersion"));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_policy(context, *in.policy_arn));
  PolicyRecord record = found->second;
  const uint64_t number = version_number(*in.version_id);
  if (!record.versions.contains(number)) return base::fail(no_such_version(*in.policy_arn, *in.version_id));
  record.default_version = number;
  record.updated_at = std::chrono::floor<std::chrono::seconds>(context.now);
  replace_policy(found, std::move(record));
  return aws::iam::SetDefaultPolicyVersionResponse{};
}

Result<aws::iam::TagPolicyResponse> IamService::tag_policy(Context& context, aws::iam::TagPolicyRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  if (!in.tags) return base::fail(absent("tags"));
  TRY(check_own(context, *in.policy_arn, "TagPolicy"));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_policy(context, *in.policy_arn));
  PolicyRecord record = found->second;
  TRY(add_tags(in.tags, record.tags));
  write_policy(found, std::move(record));
  return aws::iam::TagPolicyResponse{};
}

Result<aws::iam::UntagPolicyResponse> IamService::untag_policy(Context& context, aws::iam::UntagPolicyRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  if (!in.tag_keys) return base::fail(absent("tagKeys"));
  TRY(check_own(context, *in.policy_arn, "UntagPolicy"));
  const std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_policy(context, *in.policy_arn));
  PolicyRecord record = found->second;
  remove_tags(*in.tag_keys, record.tags);
  write_policy(found, std::move(record));
  return aws::iam::UntagPolicyResponse{};
}

Result<aws::iam::ListPolicyTagsResponse> IamService::list_policy_tags(Context& context,
                                                                      aws::iam::ListPolicyTagsRequest in) {
  if (!in.policy_arn) return base::fail(absent("policyArn"));
  TRY(check_policy_arn(*in.policy_arn));
  std::vector<std::pair<std::string, aws::iam::Tag>> items;
  if (find_aws_managed_policy(*in.policy_arn) == nullptr) {
    const std::shared_lock lock(mutex_);
    TRY_ASSIGN(const auto found, find_policy(context, *in.policy_arn));
    for (const auto& [key, value] : found->second.tags)
      items.emplace_back(key, aws::iam::Tag{.key = key, .value = value});
  }
  aws::iam::ListPolicyTagsResponse out;
  TRY(fill_page(in, std::move(items), out, out.tags));
  return out;
}

}  // namespace engine::iam
