#include <algorithm>
#include <utility>

#include "aws/lambda/errors.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_checks.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"

namespace engine::lambda {

using namespace aws::lambda;

// The policy of what `name` names: the function, one of its versions or an alias; its revision is that of the whole.
base::Result<ResourcePolicy> LambdaService::policy_of(const FunctionEntry& entry, const Context& context,
                                                      const FunctionName& name) {
  const auto with_revision = [](const auto& record) {
    ResourcePolicy policy = record.policy;
    policy.revision_id = record.revision_id;
    return policy;
  };
  const auto alias = entry.aliases.find(name.qualifier);
  if (alias != entry.aliases.end()) return with_revision(*alias->second);
  const auto* version = name.qualifier.empty() ? &entry.latest : entry.find_version(name.qualifier);
  if (version == nullptr) return base::fail(function_not_found(context, name.name, name.qualifier));
  return with_revision(*version->record);
}

void LambdaService::replace_policy(FunctionEntry& entry, const std::string& qualifier, ResourcePolicy policy) {
  store::WriteBatch batch;
  if (const auto alias = entry.aliases.find(qualifier); alias != entry.aliases.end()) {
    AliasRecord record = *alias->second;
    record.revision_id = policy.revision_id;
    record.policy = std::move(policy);
    batch.put(record.key(), record.encode());
    alias->second = std::make_shared<const AliasRecord>(std::move(record));
  } else {
    const bool whole = qualifier.empty() || qualifier == "$LATEST";
    FunctionEntry::Version& version = whole ? entry.latest : entry.versions.at(version_number(qualifier).value_or(0));
    FunctionRecord record = *version.record;
    record.revision_id = policy.revision_id;
    record.policy = std::move(policy);
    batch.put(record.key(), record.encode());
    version.record = std::make_shared<const FunctionRecord>(std::move(record));
  }
  store_.write(batch);
}

base::Result<AddPermissionResponse> LambdaService::add_permission(aws::Context& context, AddPermissionRequest in) {
  TRY_ASSIGN(const FunctionName name,
             resolve_function_name(context, in.function_name, in.qualifier, "lambda:AddPermission"));
  if (name.qualifier == "$LATEST") {
    return base::fail(invalid_parameter("We currently do not support adding policies for $LATEST."));
  }
  if (!in.statement_id || !in.action || !in.principal) {
    return base::fail(errors::validation_exception("StatementId, Action and Principal are required"));
  }
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name.name));
  FunctionEntry& entry = found->second;
  TRY_ASSIGN(ResourcePolicy policy, policy_of(entry, context, name));
  const std::string arn = entry.latest.record->arn() + (name.qualifier.empty() ? "" : ":" + name.qualifier);
  TRY_ASSIGN(const std::string statement, statement_json(in, arn));
  if (in.revision_id && *in.revision_id != policy.revision_id) return base::fail(revision_mismatch("GetPolicy"));
  if (std::ranges::count(policy.statements, *in.statement_id, &PolicyStatement::sid) != 0) {
    return base::fail(conflict("The statement id (" + *in.statement_id +
                               ") provided already exists. Please provide a new statement id, or remove the existing "
                               "statement."));
  }
  policy.statements.push_back({*in.statement_id, statement});
  if (const std::size_t size = policy.json().size(); size > kPolicyBytesMax) {
    return base::fail(errors::policy_length_exceeded_exception("The final policy size (" + std::to_string(size) +
                                                                   ") is bigger than the limit (" +
                                                                   std::to_string(kPolicyBytesMax) + ").",
                                                               {.type = "User", .message = {}}));
  }
  policy.revision_id = base::make_uuid(env_.random);
  replace_policy(entry, name.qualifier, std::move(policy));
  AddPermissionResponse out;
  out.statement = statement;
  return out;
}

base::Result<RemovePermissionResponse> LambdaService::remove_permission(aws::Context& context,
                                                                        RemovePermissionRequest in) {
  TRY_ASSIGN(const FunctionName name,
             resolve_function_name(context, in.function_name, in.qualifier, "lambda:RemovePermission"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name.name));
  FunctionEntry& entry = found->second;
  TRY_ASSIGN(ResourcePolicy policy, policy_of(entry, context, name));
  const std::string arn = found->second.latest.record->arn() + (name.qualifier.empty() ? "" : ":" + name.qualifier);
  if (policy.statements.empty()) return base::fail(not_found("No policy found for: " + arn));
  if (in.revision_id && *in.revision_id != policy.revision_id) return base::fail(revision_mismatch("GetPolicy"));
  const std::string sid = in.statement_id.value_or("");
  if (std::erase_if(policy.statements, [&](const PolicyStatement& each) { return each.sid == sid; }) == 0) {
    return base::fail(not_found("Statement " + sid + " is not found in resource policy."));
  }
  policy.revision_id = base::make_uuid(env_.random);
  replace_policy(entry, name.qualifier, std::move(policy));
  return RemovePermissionResponse();
}

base::Result<GetPolicyResponse> LambdaService::get_policy(aws::Context& context, GetPolicyRequest in) {
  TRY_ASSIGN(const FunctionName name,
             resolve_function_name(context, in.function_name, in.qualifier, "lambda:GetPolicy"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name.name));
  const auto policy = policy_of(found->second, context, name);
  if (!policy || policy->statements.empty()) {
    return base::fail(not_found("The resource you requested does not exist."));
  }
  GetPolicyResponse out;
  out.policy = policy->json();
  out.revision_id = policy->revision_id;
  return out;
}

}  // namespace engine::lambda
