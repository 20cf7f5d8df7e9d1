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
  TRY_ASSIGN(const std::string name,
             resolve_whole_function(context, in.function_name, "lambda:PutFunctionConcurrency"));
  const int32_t wanted = in.reserved_concurrent_executions.value_or(-1);
  if (wanted < 0) {
    return base::fail(errors::validation_exception("ReservedConcurrentExecutions must be greater than or equal to 0"));
  }
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, name));
  int64_t reserved = wanted;
  const std::string prefix = keys::scope(keys::kFunctionTable, context.account, context.region);
  for (auto at = functions_.lower_bound(prefix); at != functions_.end() && at->first.starts_with(prefix); ++at) {
    if (at != entry) reserved += at->second.latest.record->reserved_concurrency.value_or(0);
  }
  if (reserved > kAccountConcurrency - kUnreservedConcurrencyMin) {
    return base::fail(invalid_parameter(
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        "its minimum value of [" +
        std::to_string(kUnreservedConcurrencyMin) + "]."));
  }
  FunctionRecord record = *entry->second.latest.record;
  record.reserved_concurrency = wanted;
  replace_record(entry->second, std::move(record));
  Concurrency out;
  out.reserved_concurrent_executions = wanted;
  return out;
}

base::Result<GetFunctionConcurrencyResponse> LambdaService::get_function_concurrency(aws::Context& context,
                                                                                     GetFunctionConcurrencyRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, std::nullopt, "lambda:GetFunctionConcurrency"));
  GetFunctionConcurrencyResponse out;
  out.reserved_concurrent_executions = function.reserved_concurrency;
  return out;
}

base::Result<DeleteFunctionConcurrencyResponse> LambdaService::delete_function_concurrency(
    aws::Context& context, DeleteFunctionConcurrencyRequest in) {
  TRY_ASSIGN(const std::string name,
             resolve_whole_function(context, in.function_name, "lambda:DeleteFunctionConcurrency"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, name));
  FunctionRecord record = *entry->second.latest.record;
  record.reserved_concurrency.reset();
  replace_record(entry->second, std::move(record));
  return DeleteFunctionConcurrencyResponse();
}

base::Result<std::string> LambdaService::tagged_function(const aws::Context& context,
                                                         const std::optional<std::string>& resource) {
  const auto arn = Arn::parse(resource.value_or(""));
  if (!arn || arn->service != "lambda" || !arn->resource.starts_with("function:")) {
    return base::fail(invalid_parameter("The ARN " + resource.value_or("") +
                                        " does not name a function; this engine tags functions only"));
  }
  TRY_ASSIGN(FunctionName name, resolve_function_name(context, resource, std::nullopt, "lambda:TagResource"));
  if (!name.qualifier.empty()) {
    return base::fail(
        invalid_parameter("Tags on function aliases and versions are not supported. Please specify a function ARN."));
  }
  return std::move(name.name);
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
  FunctionRecord record = *entry->second.latest.record;
  for (const auto& [tag, value] : in.tags.value_or(aws::Map<std::string>())) {
    const auto known = std::ranges::find(record.tags, tag, &std::pair<std::string, std::string>::first);
    if (known != record.tags.end()) {
      known->second = value;
    } else {
      record.tags.emplace_back(tag, value);
    }
  }
  TRY(check_tags(record.tags));
  record.revision_id = base::make_uuid(env_.random);
  replace_record(entry->second, std::move(record));
  return TagResourceResponse();
}

base::Result<UntagResourceResponse> LambdaService::untag_resource(aws::Context& context, UntagResourceRequest in) {
  TRY_ASSIGN(const std::string name, tagged_function(context, in.resource));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, name));
  FunctionRecord record = *entry->second.latest.record;
  const std::vector<std::string> gone = in.tag_keys.value_or(std::vector<std::string>());
  std::erase_if(record.tags, [&](const auto& pair) { return std::ranges::count(gone, pair.first) != 0; });
  record.revision_id = base::make_uuid(env_.random);
  replace_record(entry->second, std::move(record));
  return UntagResourceResponse();
}

}  // namespace engine::lambda
