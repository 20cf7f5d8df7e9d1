// What an infrastructure tool asks for at each refresh and this engine has only at its default.
#include "aws/lambda/errors.h"
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

base::Result<GetFunctionUrlConfigResponse> LambdaService::get_function_url_config(aws::Context& /*context*/,
                                                                                  GetFunctionUrlConfigRequest /*in*/) {
  return base::fail(not_found("The resource you requested does not exist."));
}

base::Result<ListFunctionUrlConfigsResponse> LambdaService::list_function_url_configs(
    aws::Context& context, ListFunctionUrlConfigsRequest in) {
  TRY(find(context, in.function_name, std::nullopt, "lambda:ListFunctionUrlConfigs"));
  ListFunctionUrlConfigsResponse out;
  out.function_url_configs.emplace();
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

}  // namespace engine::lambda
