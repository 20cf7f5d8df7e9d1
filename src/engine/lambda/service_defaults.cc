// What an infrastructure tool asks for at each refresh and this engine has only at its default.
#include "aws/lambda/errors.h"
#include "engine/arn.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/service.h"

namespace engine::lambda {

using namespace aws::lambda;

base::Result<GetRuntimeManagementConfigResponse> LambdaService::get_runtime_management_config(
    aws::Context& context, GetRuntimeManagementConfigRequest in) {
  TRY_ASSIGN(const Function function,
             find(context, in.function_name, in.qualifier, "lambda:GetRuntimeManagementConfig"));
  GetRuntimeManagementConfigResponse out;
  out.update_runtime_on = "Auto";
  out.function_arn = function.arn();
  return out;
}

base::Result<GetFunctionRecursionConfigResponse> LambdaService::get_function_recursion_config(
    aws::Context& context, GetFunctionRecursionConfigRequest in) {
  TRY(find(context, in.function_name, std::nullopt, "lambda:GetFunctionRecursionConfig"));
  GetFunctionRecursionConfigResponse out;
  out.recursive_loop = "Terminate";
  return out;
}

base::Result<GetProvisionedConcurrencyConfigResponse> LambdaService::get_provisioned_concurrency_config(
    aws::Context& context, GetProvisionedConcurrencyConfigRequest in) {
  TRY(find(context, in.function_name, in.qualifier, "lambda:GetProvisionedConcurrencyConfig"));
  return base::fail(errors::provisioned_concurrency_config_not_found_exception(
      "No Provisioned Concurrency Config found for this function", {.type = "User", .message = {}}));
}

base::Result<ListProvisionedConcurrencyConfigsResponse> LambdaService::list_provisioned_concurrency_configs(
    aws::Context& context, ListProvisionedConcurrencyConfigsRequest in) {
  TRY(find(context, in.function_name, std::nullopt, "lambda:ListProvisionedConcurrencyConfigs"));
  ListProvisionedConcurrencyConfigsResponse out;
  out.provisioned_concurrency_configs.emplace();
  return out;
}

// Only functions of a capacity provider are scaled by it, and there is none.
base::Result<GetFunctionScalingConfigResponse> LambdaService::get_function_scaling_config(
    aws::Context& context, GetFunctionScalingConfigRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, in.qualifier, "lambda:GetFunctionScalingConfig"));
  GetFunctionScalingConfigResponse out;
  out.function_arn = function.arn();
  return out;
}

base::Result<ListDurableExecutionsByFunctionResponse> LambdaService::list_durable_executions_by_function(
    aws::Context& context, ListDurableExecutionsByFunctionRequest in) {
  TRY(find(context, in.function_name, in.qualifier, "lambda:ListDurableExecutionsByFunction"));
  ListDurableExecutionsByFunctionResponse out;
  out.durable_executions.emplace();
  return out;
}

base::Result<ListLayersResponse> LambdaService::list_layers(aws::Context& /*context*/, ListLayersRequest /*in*/) {
  ListLayersResponse out;
  out.layers.emplace();
  return out;
}

base::Result<ListLayerVersionsResponse> LambdaService::list_layer_versions(aws::Context& /*context*/,
                                                                           ListLayerVersionsRequest /*in*/) {
  ListLayerVersionsResponse out;
  out.layer_versions.emplace();
  return out;
}

base::Result<ListCodeSigningConfigsResponse> LambdaService::list_code_signing_configs(
    aws::Context& /*context*/, ListCodeSigningConfigsRequest /*in*/) {
  ListCodeSigningConfigsResponse out;
  out.code_signing_configs.emplace();
  return out;
}

base::Result<ListCapacityProvidersResponse> LambdaService::list_capacity_providers(
    aws::Context& /*context*/, ListCapacityProvidersRequest /*in*/) {
  ListCapacityProvidersResponse out;
  out.capacity_providers.emplace();
  return out;
}

// --- By the name of something that there can be none of.

base::Result<GetCapacityProviderResponse> LambdaService::get_capacity_provider(aws::Context& /*context*/,
                                                                               GetCapacityProviderRequest in) {
  return base::fail(not_found("Capacity provider not found: " + in.capacity_provider_name.value_or("")));
}

base::Result<GetCodeSigningConfigResponse> LambdaService::get_code_signing_config(aws::Context& /*context*/,
                                                                                  GetCodeSigningConfigRequest in) {
  return base::fail(not_found("The Lambda code signing configuration " + in.code_signing_config_arn.value_or("") +
                              " can not be found."));
}

base::Result<GetLayerVersionResponse> LambdaService::get_layer_version(aws::Context& /*context*/,
                                                                       GetLayerVersionRequest /*in*/) {
  return base::fail(not_found("The resource you requested does not exist."));
}

base::Result<GetLayerVersionResponse> LambdaService::get_layer_version_by_arn(aws::Context& /*context*/,
                                                                              GetLayerVersionByArnRequest /*in*/) {
  return base::fail(not_found("The resource you requested does not exist."));
}

base::Result<GetLayerVersionPolicyResponse> LambdaService::get_layer_version_policy(aws::Context& context,
                                                                                    GetLayerVersionPolicyRequest in) {
  std::string arn = in.layer_name.value_or("");
  if (!arn.starts_with("arn:")) arn = make_arn("lambda", context.region, context.account, "layer:" + arn);
  return base::fail(
      not_found("Layer version " + arn + ":" + std::to_string(in.version_number.value_or(0)) + " does not exist."));
}

}  // namespace engine::lambda
