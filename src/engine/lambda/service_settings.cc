#include <algorithm>
#include <utility>

#include "aws/lambda/errors.h"
#include "engine/arn.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_checks.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"

namespace engine::lambda {

using namespace aws::lambda;

base::Result<Concurrency> LambdaService::put_function_concurrency(aws::Context& context,
                                                                  PutFunctionConcurrencyRequest in) {
  TRY_ASSIGN(const std::string name, resolve(context, in.function_name, std::nullopt, "lambda:PutFunctionConcurrency"));
  const int32_t wanted = in.reserved_concurrent_executions.value_or(-1);
  if (wanted < 0) {
    return base::fail(errors::validation_exception("ReservedConcurrentExecutions must be greater than or equal to 0"));
  }
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, name));
  int64_t reserved = wanted;
  const std::string prefix = keys::scope(keys::kFunctionTable, context.account, context.region);
  for (auto at = functions_.lower_bound(prefix); at != functions_.end() && at->first.starts_with(prefix); ++at) {
    if (at != entry) reserved += at->second.record->reserved_concurrency.value_or(0);
  }
  if (reserved > kAccountConcurrency - kUnreservedConcurrencyMin) {
    return base::fail(invalid_parameter(
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        "its minimum value of [" +
        std::to_string(kUnreservedConcurrencyMin) + "]."));
  }
  FunctionRecord record = *entry->second.record;
  record.reserved_concurrency = wanted;
  replace_record(entry, std::move(record));
  Concurrency out;
  out.reserved_concurrent_executions = wanted;
  return out;
}

base::Result<GetFunctionConcurrencyResponse> LambdaService::get_function_concurrency(aws::Context& context,
                                                                                     GetFunctionConcurrencyRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, std::nullopt, "lambda:GetFunctionConcurrency"));
  GetFunctionConcurrencyResponse out;
  out.reserved_concurrent_executions = function.record->reserved_concurrency;
  return out;
}

base::Result<DeleteFunctionConcurrencyResponse> LambdaService::delete_function_concurrency(
    aws::Context& context, DeleteFunctionConcurrencyRequest in) {
  TRY_ASSIGN(const std::string name,
             resolve(context, in.function_name, std::nullopt, "lambda:DeleteFunctionConcurrency"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, name));
  FunctionRecord record = *entry->second.record;
  record.reserved_concurrency.reset();
  replace_record(entry, std::move(record));
  return DeleteFunctionConcurrencyResponse();
}

base::Result<AddPermissionResponse> LambdaService::add_permission(aws::Context& context, AddPermissionRequest in) {
  TRY_ASSIGN(const std::string name, resolve(context, in.function_name, std::nullopt, "lambda:AddPermission"));
  if (in.qualifier == "$LATEST") {
    return base::fail(invalid_parameter("We currently do not support adding policies for $LATEST."));
  }
  TRY(resolve(context, name, in.qualifier, "lambda:AddPermission"));
  if (!in.statement_id || !in.action || !in.principal) {
    return base::fail(errors::validation_exception("StatementId, Action and Principal are required"));
  }
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, name));
  FunctionRecord record = *entry->second.record;
  TRY_ASSIGN(const std::string statement, statement_json(in, record.arn()));
  if (in.revision_id && *in.revision_id != record.policy_revision_id) return base::fail(revision_mismatch("GetPolicy"));
  if (std::ranges::count(record.policy, *in.statement_id, &PolicyStatement::sid) != 0) {
    return base::fail(conflict("The statement id (" + *in.statement_id +
                               ") provided already exists. Please provide a new statement id, or remove the existing "
                               "statement."));
  }
  record.policy.push_back({*in.statement_id, statement});
  if (const std::size_t size = record.policy_json().size(); size > kPolicyBytesMax) {
    return base::fail(errors::policy_length_exceeded_exception("The final policy size (" + std::to_string(size) +
                                                                   ") is bigger than the limit (" +
                                                                   std::to_string(kPolicyBytesMax) + ").",
                                                               {.type = "User", .message = {}}));
  }
  record.policy_revision_id = base::make_uuid(env_.random);
  replace_record(entry, std::move(record));
  AddPermissionResponse out;
  out.statement = statement;
  return out;
}

base::Result<RemovePermissionResponse> LambdaService::remove_permission(aws::Context& context,
                                                                        RemovePermissionRequest in) {
  TRY_ASSIGN(const std::string name, resolve(context, in.function_name, in.qualifier, "lambda:RemovePermission"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, name));
  FunctionRecord record = *entry->second.record;
  if (record.policy.empty()) return base::fail(not_found("No policy is associated with the given resource."));
  if (in.revision_id && *in.revision_id != record.policy_revision_id) return base::fail(revision_mismatch("GetPolicy"));
  const std::string sid = in.statement_id.value_or("");
  if (std::erase_if(record.policy, [&](const PolicyStatement& statement) { return statement.sid == sid; }) == 0) {
    return base::fail(not_found("Statement " + sid + " is not found in resource policy."));
  }
  record.policy_revision_id = base::make_uuid(env_.random);
  replace_record(entry, std::move(record));
  return RemovePermissionResponse();
}

base::Result<GetPolicyResponse> LambdaService::get_policy(aws::Context& context, GetPolicyRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, in.qualifier, "lambda:GetPolicy"));
  if (function.record->policy.empty()) return base::fail(not_found("The resource you requested does not exist."));
  GetPolicyResponse out;
  out.policy = function.record->policy_json();
  out.revision_id = function.record->policy_revision_id;
  return out;
}

base::Result<std::string> LambdaService::tagged_function(const aws::Context& context,
                                                         const std::optional<std::string>& resource) {
  const auto arn = Arn::parse(resource.value_or(""));
  if (!arn || arn->service != "lambda" || !arn->resource.starts_with("function:")) {
    return base::fail(invalid_parameter("The ARN " + resource.value_or("") +
                                        " does not name a function; this engine tags functions only"));
  }
  return resolve(context, resource, std::nullopt, "lambda:TagResource");
}

base::Result<ListTagsResponse> LambdaService::list_tags(aws::Context& context, ListTagsRequest in) {
  TRY_ASSIGN(const std::string name, tagged_function(context, in.resource));
  TRY_ASSIGN(const Function function, find(context, name, std::nullopt, "lambda:ListTags"));
  ListTagsResponse out;
  auto& tags = out.tags.emplace();
  for (const auto& [tag, value] : function.record->tags) tags.append(tag) = value;
  return out;
}

base::Result<TagResourceResponse> LambdaService::tag_resource(aws::Context& context, TagResourceRequest in) {
  TRY_ASSIGN(const std::string name, tagged_function(context, in.resource));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, name));
  FunctionRecord record = *entry->second.record;
  for (const auto& [tag, value] : in.tags.value_or(aws::Map<std::string>())) {
    const auto known = std::ranges::find(record.tags, tag, &std::pair<std::string, std::string>::first);
    if (known != record.tags.end()) {
      known->second = value;
    } else {
      record.tags.emplace_back(tag, value);
    }
  }
  TRY(check_tags(record.tags));
  replace_record(entry, std::move(record));
  return TagResourceResponse();
}

base::Result<UntagResourceResponse> LambdaService::untag_resource(aws::Context& context, UntagResourceRequest in) {
  TRY_ASSIGN(const std::string name, tagged_function(context, in.resource));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, name));
  FunctionRecord record = *entry->second.record;
  const std::vector<std::string> gone = in.tag_keys.value_or(std::vector<std::string>());
  std::erase_if(record.tags, [&](const auto& pair) { return std::ranges::count(gone, pair.first) != 0; });
  replace_record(entry, std::move(record));
  return UntagResourceResponse();
}

}  // namespace engine::lambda
