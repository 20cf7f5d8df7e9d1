#include "base/encoding.h"
#include "pipeline/stack.h"
#include "pipeline/stack_function.h"

namespace pipeline {
namespace {

aws::Map<std::string> variables(const PipelineConfig& config) {
  aws::Map<std::string> out;
  for (auto& [key, value] : to_environment(config)) out.append(std::move(key)) = std::move(value);
  return out;
}

}  // namespace

base::Result<void> Stack::wait_for_function(const std::string& function) {
  return wait_until("function " + function, [&]() -> base::Result<bool> {
    aws::lambda::GetFunctionConfigurationRequest get;
    get.function_name = function;
    aws::Context context = call();
    TRY_ASSIGN(const auto now, services_.lambda.get_function_configuration(context, std::move(get)));
    if (now.state == "Failed" || now.last_update_status == "Failed")
      return base::fail(
          {.code = "Failed", .message = function + ": " + now.state_reason.value_or("the update failed")});
    return now.state == "Active" && now.last_update_status.value_or("Successful") == "Successful";
  });
}

base::Result<void> Stack::up_function(const Report& report, const Function& function) {
  const std::string function_name = name(function.what);
  aws::lambda::GetFunctionConfigurationRequest get;
  get.function_name = function_name;
  aws::Context context = call();
  const auto existing = services_.lambda.get_function_configuration(context, std::move(get));
  if (existing.has_value()) {
    const bool same_code = existing->code_sha256 == base::base64_encode(base::sha256(function.zip));
    const bool same_configuration = existing->environment.has_value() &&
                                    existing->environment->variables == variables(config()) &&
                                    existing->timeout == function.timeout_seconds;
    if (same_code && same_configuration) {
      report({"function", function_name, "unchanged"});
      return {};
    }
    return update_function(report, function);
  }
  aws::lambda::CreateFunctionRequest create;
  create.function_name = function_name;
  create.runtime = "provided.al2023";
  create.handler = "bootstrap";
  create.role = arn("iam", "role/" + function_name);
  create.code.emplace().zip_file = function.zip;
  create.timeout = function.timeout_seconds;
  create.memory_size = function.memory_size_mb;
  create.environment.emplace().variables = variables(config());
  // A role is not known everywhere at once on AWS; creation is refused until it is.
  TRY(wait_until("role " + function_name, [&]() -> base::Result<bool> {
    aws::Context again = call();
    const auto created = services_.lambda.create_function(again, create);
    if (created.has_value()) return true;
    if (created.error().message.find("cannot be assumed") != std::string::npos) return false;
    return base::fail(created.error());
  }));
  TRY(wait_for_function(function_name));
  report({"function", function_name, "created"});
  return {};
}

base::Result<void> Stack::update_function(const Report& report, const Function& function) {
  const std::string function_name = name(function.what);
  aws::Context context = call();
  aws::lambda::UpdateFunctionCodeRequest code;
  code.function_name = function_name;
  code.zip_file = function.zip;
  TRY(services_.lambda.update_function_code(context, std::move(code)));
  TRY(wait_for_function(function_name));
  aws::lambda::UpdateFunctionConfigurationRequest configuration;
  configuration.function_name = function_name;
  configuration.timeout = function.timeout_seconds;
  configuration.memory_size = function.memory_size_mb;
  configuration.environment.emplace().variables = variables(config());
  TRY(services_.lambda.update_function_configuration(context, std::move(configuration)));
  TRY(wait_for_function(function_name));
  report({"function", function_name, "updated"});
  return {};
}

}  // namespace pipeline
