#include <algorithm>
#include <utility>

#include "engine/lambda/function_name.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"

namespace engine::lambda {

using namespace aws::lambda;

base::Result<GetFunctionResponse> LambdaService::get_function(aws::Context& context, GetFunctionRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, in.qualifier, "lambda:GetFunction"));
  GetFunctionResponse out;
  out.configuration = configuration_of(*function.record);
  // Without a Location: packages are kept inside the engine, which has no address for them.
  out.code.emplace().repository_type = "S3";
  if (!function.record->tags.empty()) {
    auto& tags = out.tags.emplace();
    for (const auto& [tag, value] : function.record->tags) tags.append(tag) = value;
  }
  if (function.record->reserved_concurrency) {
    out.concurrency.emplace().reserved_concurrent_executions = function.record->reserved_concurrency;
  }
  return out;
}

base::Result<FunctionConfiguration> LambdaService::get_function_configuration(aws::Context& context,
                                                                              GetFunctionConfigurationRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, in.qualifier, "lambda:GetFunctionConfiguration"));
  return configuration_of(*function.record);
}

// There is one version of each function, $LATEST, so FunctionVersion ALL lists the same as its absence.
base::Result<ListFunctionsResponse> LambdaService::list_functions(aws::Context& context, ListFunctionsRequest in) {
  const auto count_max =
      static_cast<std::size_t>(std::clamp(in.max_items.value_or(kListFunctionsMax), 1, kListFunctionsMax));
  const std::string prefix = keys::scope(keys::kFunctionTable, context.account, context.region);
  ListFunctionsResponse out;
  auto& functions = out.functions.emplace();
  const std::lock_guard lock(mutex_);
  auto at = in.marker ? functions_.upper_bound(keys::function(context.account, context.region, *in.marker))
                      : functions_.lower_bound(prefix);
  for (; at != functions_.end() && at->first.starts_with(prefix); ++at) {
    if (functions.size() == count_max) {
      out.next_marker = functions.back().function_name;
      break;
    }
    functions.push_back(list_entry_of(*at->second.record));
  }
  return out;
}

base::Result<ListVersionsByFunctionResponse> LambdaService::list_versions_by_function(
    aws::Context& context, ListVersionsByFunctionRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, std::nullopt, "lambda:ListVersionsByFunction"));
  ListVersionsByFunctionResponse out;
  auto& versions = out.versions.emplace();
  if (in.marker) return out;
  versions.push_back(list_entry_of(*function.record));
  *versions.back().function_arn += ":$LATEST";
  return out;
}

base::Result<GetFunctionCodeSigningConfigResponse> LambdaService::get_function_code_signing_config(
    aws::Context& context, GetFunctionCodeSigningConfigRequest in) {
  TRY_ASSIGN(const Function function,
             find(context, in.function_name, std::nullopt, "lambda:GetFunctionCodeSigningConfig"));
  GetFunctionCodeSigningConfigResponse out;
  out.function_name = function.record->name;
  return out;
}

}  // namespace engine::lambda
