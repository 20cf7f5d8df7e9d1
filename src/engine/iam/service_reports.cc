// What auditors and infrastructure tools read of the whole account at once.
#include <algorithm>
#include <mutex>
#include <variant>

#include "aws/iam/errors.h"
#include "base/encoding.h"
#include "engine/arn.h"
#include "engine/iam/answers.h"
#include "engine/iam/keys.h"
#include "engine/iam/limits.h"
#include "engine/iam/policy_shapes.h"
#include "engine/iam/service.h"
#include "engine/iam/tags.h"

namespace engine::iam {

namespace errors = aws::iam::errors;
using base::Result;

namespace {

using Detail = std::variant<aws::iam::RoleDetail, aws::iam::ManagedPolicyDetail>;

aws::iam::RoleDetail role_detail(const RoleRecord& record) {
  aws::iam::RoleDetail out;
  out.path = record.path;
  out.role_name = record.name;
  out.role_id = record.id;
  out.arn = record.arn();
  out.create_date = record.created_at;
  out.assume_role_policy_document = base::percent_encode(record.trust_document);
  out.instance_profile_list.emplace();
  out.role_policy_list.emplace();
  for (const auto& [name, document] : record.inline_documents)
    out.role_policy_list->push_back({.policy_name = name, .policy_document = base::percent_encode(document)});
  out.attached_managed_policies.emplace();
  for (const std::string& arn : record.attached_arns)
    out.attached_managed_policies->push_back(attached_policy_shape(arn));
  out.tags = tags_shape(record.tags);
  out.role_last_used.emplace();
  return out;
}

aws::iam::ManagedPolicyDetail policy_detail(aws::iam::Policy policy) {
  aws::iam::ManagedPolicyDetail out;
  out.policy_name = std::move(policy.policy_name);
  out.policy_id = std::move(policy.policy_id);
  out.arn = std::move(policy.arn);
  out.path = std::move(policy.path);
  out.default_version_id = std::move(policy.default_version_id);
  out.attachment_count = policy.attachment_count;
  out.permissions_boundary_usage_count = policy.permissions_boundary_usage_count;
  out.is_attachable = policy.is_attachable;
  out.create_date = policy.create_date;
  out.update_date = policy.update_date;
  out.policy_version_list.emplace();
  return out;
}

aws::iam::ManagedPolicyDetail policy_detail(const PolicyRecord& record, std::size_t attachments) {
  aws::iam::ManagedPolicyDetail out = policy_detail(policy_shape(record, attachments));
  out.description = record.description;
  for (auto at = record.versions.rbegin(); at != record.versions.rend(); ++at) {  // newest first
    aws::iam::PolicyVersion version = version_shape(record, at->first);
    version.document = base::percent_encode(at->second.document);
    out.policy_version_list->push_back(std::move(version));
  }
  return out;
}

aws::iam::ManagedPolicyDetail policy_detail(const AwsManagedPolicy& policy, std::size_t attachments) {
  aws::iam::ManagedPolicyDetail out = policy_detail(policy_shape(policy, attachments));
  aws::iam::PolicyVersion version = version_shape(policy);
  version.document = base::percent_encode(policy.document());
  out.policy_version_list->push_back(std::move(version));
  return out;
}

// The one row is root's: it has a key, and no password, device or certificate.
std::string credential_report(std::string_view account) {
  return "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
         "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
         "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
         "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
         "cert_1_last_rotated,cert_2_active,cert_2_last_rotated\n<root_account>," +
         make_arn("iam", "", std::string(account), "root") +
         ",1970-01-01T00:00:00+00:00,not_supported,no_information,not_supported,not_supported,false,true,"
         "1970-01-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A";
}

// When the account's report was made; nullopt if it has none.
std::optional<base::Timestamp> report_time(store::KvStore& store, std::string_view account) {
  const auto row = store.get(keys::credential_report(account));
  if (!row) return std::nullopt;
  const auto made = base::parse_iso8601(*row);
  store::require_intact(made.has_value(), "a row of IAM");
  return made;
}

}  // namespace

Result<aws::iam::GetAccountAuthorizationDetailsResponse> IamService::get_account_authorization_details(
    Context& context, aws::iam::GetAccountAuthorizationDetailsRequest in) {
  const auto wants = [&](std::string_view kind) {
    return !in.filter || in.filter->empty() || std::ranges::find(*in.filter, kind) != in.filter->end();
  };
  std::vector<std::pair<std::string, Detail>> items;  // by kind, then by name, as pages go on
  {
    const std::shared_lock lock(mutex_);
    auto attachments = attachments_of(context.account);
    if (wants("Role"))
      for (const RoleRecord* role : roles_of(context.account))
        items.emplace_back("1" + lower_case(role->name), role_detail(*role));
    const std::string begin = store::KeyWriter(keys::kPolicyTable).text(context.account).take();
    for (auto at = policies_.lower_bound(begin); at != policies_.end() && at->first.starts_with(begin); ++at)
      if (wants("LocalManagedPolicy"))
        items.emplace_back("2" + lower_case(at->second.name), policy_detail(at->second, attachments[at->second.arn()]));
    for (const AwsManagedPolicy& policy : aws_managed_policies())
      if (const std::size_t count = attachments[policy.arn()]; count > 0 && wants("AWSManagedPolicy"))
        items.emplace_back("3" + policy.arn(), policy_detail(policy, count));
  }
  std::ranges::sort(items, {}, &std::pair<std::string, Detail>::first);
  aws::iam::GetAccountAuthorizationDetailsResponse out;
  std::optional<std::vector<Detail>> page;
  TRY(fill_page(in, std::move(items), out, page));
  out.user_detail_list.emplace();
  out.group_detail_list.emplace();
  out.role_detail_list.emplace();
  out.policies.emplace();
  for (Detail& detail : *page) {
    if (auto* role = std::get_if<aws::iam::RoleDetail>(&detail)) out.role_detail_list->push_back(std::move(*role));
    if (auto* policy = std::get_if<aws::iam::ManagedPolicyDetail>(&detail)) out.policies->push_back(std::move(*policy));
  }
  return out;
}

// It is there at once; clients ask until the state is COMPLETE.
Result<aws::iam::GenerateCredentialReportResponse> IamService::generate_credential_report(
    Context& context, aws::iam::GenerateCredentialReportRequest) {
  const std::unique_lock lock(mutex_);
  const auto made = report_time(store_, context.account);
  if (made && context.now - *made < kCredentialReportLife)
    return aws::iam::GenerateCredentialReportResponse{.state = "COMPLETE", .description = std::nullopt};
  store::WriteBatch batch;
  batch.put(keys::credential_report(context.account), base::format_iso8601_seconds(context.now));
  store_.write(batch);
  return aws::iam::GenerateCredentialReportResponse{
      .state = "STARTED", .description = "No report exists. Starting a new report generation task"};
}

Result<aws::iam::GetCredentialReportResponse> IamService::get_credential_report(Context& context,
                                                                                aws::iam::GetCredentialReportRequest) {
  const std::shared_lock lock(mutex_);
  const auto made = report_time(store_, context.account);
  if (!made)
    return base::fail(errors::credential_report_not_present_exception(
        "Credential report does not exist. Use GenerateCredentialReport to create a new report."));
  if (context.now - *made >= kCredentialReportLife)
    return base::fail(errors::credential_report_expired_exception(
        "Credential report has expired. Use GenerateCredentialReport to create a new report."));
  return aws::iam::GetCredentialReportResponse{
      .content = credential_report(context.account), .report_format = "text/csv", .generated_time = *made};
}

}  // namespace engine::iam
