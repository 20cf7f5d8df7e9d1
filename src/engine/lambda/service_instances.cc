#include <utility>

#include "engine/internal_call.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"

namespace engine::lambda {
namespace {

// "2024/01/31/[$LATEST]0123456789abcdef0123456789abcdef"
std::string log_stream_name(base::Timestamp now, std::string_view instance_id) {
  const std::string date = base::format_iso8601_seconds(now);  // 2024-01-31T...
  std::string out = date.substr(0, 4) + "/" + date.substr(5, 2) + "/" + date.substr(8, 2) + "/[$LATEST]";
  return out.append(instance_id);
}

}  // namespace

base::Result<aws::sts::Credentials> LambdaService::credentials_for(Runnable& runnable) {
  const base::Timestamp now = env_.clock.now();
  {
    const std::lock_guard lock(runnable.credentials_mutex);
    if (runnable.credentials &&
        runnable.credentials->expiration.value_or(base::kTimestampMax) - kCredentialsReuseMin > now) {
      return *runnable.credentials;
    }
  }
  const FunctionRecord& record = *runnable.record;
  aws::Context context = service_call(env_, record.account, record.region, "lambda.amazonaws.com", record.arn());
  aws::sts::AssumeRoleRequest assume;
  assume.role_arn = record.role;
  assume.role_session_name = record.name;
  assume.duration_seconds = kRoleSessionSeconds;
  TRY_ASSIGN(const auto assumed, sts_.assume_role(context, std::move(assume)));
  const std::lock_guard lock(runnable.credentials_mutex);
  runnable.credentials = assumed.credentials.value_or(aws::sts::Credentials());
  return *runnable.credentials;
}

// Item 19. User variables come first; the reserved ones cannot be among them.
std::vector<std::pair<std::string, std::string>> LambdaService::environment_of(
    const FunctionRecord& record, const aws::sts::Credentials& credentials) {
  std::vector<std::pair<std::string, std::string>> out;
  bool has_zone = false;
  bool has_path = false;
  bool has_endpoint = false;
  if (record.environment) {
    out = *record.environment;
    for (const auto& [variable, value] : out) {
      has_zone |= variable == "TZ";
      has_path |= variable == "PATH";
      has_endpoint |= variable == "AWS_ENDPOINT_URL";
    }
  }
  const auto add = [&](const char* variable, std::string value) { out.emplace_back(variable, std::move(value)); };
  add("AWS_LAMBDA_FUNCTION_NAME", record.name);
  add("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
  add("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(record.memory_size_mb));
  add("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
  add("AWS_LAMBDA_LOG_GROUP_NAME", record.log_group);
  add("AWS_REGION", record.region);
  add("AWS_DEFAULT_REGION", record.region);
  add("_HANDLER", record.handler);
  add("AWS_ACCESS_KEY_ID", credentials.access_key_id.value_or(""));
  add("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.value_or(""));
  add("AWS_SESSION_TOKEN", credentials.session_token.value_or(""));
  if (!has_zone) add("TZ", ":UTC");
  if (!has_path) add("PATH", "/usr/local/bin:/usr/bin/:/bin");
  const std::lock_guard lock(mutex_);
  if (!has_endpoint && !endpoint_.empty()) add("AWS_ENDPOINT_URL", endpoint_);
  return out;
}

InstancePool::Started LambdaService::start_instance(const std::shared_ptr<Runnable>& runnable) {
  const FunctionRecord& record = *runnable->record;
  if (auto staged = runnable->code->stage_once(); !staged) {
    return std::unexpected(runtime::StartError{"Runtime.CodeUnavailable", staged.error().message});
  }
  auto credentials = credentials_for(*runnable);
  if (!credentials) {
    return std::unexpected(runtime::StartError{
        "Runtime.RoleNotAssumable",
        "The role defined for the function cannot be assumed by Lambda. " + credentials.error().message});
  }
  runtime::FunctionSpec spec;
  spec.function_arn = record.arn();
  spec.function_name = record.name;
  spec.version = "$LATEST";
  spec.handler = record.handler;
  spec.runtime = record.runtime;
  spec.code_directory = runnable->code->directory();
  spec.timeout = std::chrono::seconds(record.timeout_seconds);
  spec.memory_size_mb = record.memory_size_mb;
  spec.ephemeral_storage_size_mb = record.ephemeral_storage_mb;
  spec.environment = environment_of(record, *credentials);
  spec.environment.emplace_back("LAMBDA_TASK_ROOT", spec.code_directory);

  auto instance = std::make_unique<Instance>();
  instance->runnable = runnable;
  instance->credentials_expire = credentials->expiration.value_or(base::kTimestampMax);
  instance->log = std::make_shared<LogStream>(logs_, record.account, record.region, record.log_group);
  auto running = host_.start(spec, *instance->log);
  if (!running) return std::unexpected(std::move(running).error());
  instance->running = std::move(*running);
  instance->log->set_name(log_stream_name(env_.clock.now(), instance->running->instance_id()));
  return instance;
}

}  // namespace engine::lambda
